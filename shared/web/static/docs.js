// Replaces the plain list of routes by Swagger UI, from the same origin alone.
"use strict";
const main = document.getElementById("docs");
SwaggerUIBundle({
  url: main.dataset.openapi,
  domNode: main,
  deepLinking: true,
  validatorUrl: null,
});
