// Refreshes a page that counts the present: fetches it again and replaces its main part, unless somebody is at work in
// it. Without this script the page is the same and stays as it was loaded.

const box = document.getElementById("live"), { dataset: said } = box;
const button = box.querySelector("button"), note = box.querySelector(".hint"), spoken = box.querySelector("[role=status]");
const EVERY_MS = Number(said.every) * 1000, LONGEST_MS = 600_000, TIMEOUT_MS = 20_000;
const KEY = "paused"; // a person who pauses one page has paused all of this tab
let wait = EVERY_MS, due = Date.now() + wait, timer = 0, tag = null, isEnded = false, opened = new Set();

const main = () => document.getElementById("main");
const isPaused = () => sessionStorage.getItem(KEY) !== null;
const clock = () => new Date().toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
const isChanged = (one) => (one.type === "checkbox" || one.type === "radio" ? one.checked !== one.defaultChecked
  : one.options ? one.selectedIndex !== Math.max(0, [...one.options].findIndex((option) => option.defaultSelected))
  : one.type !== "hidden" && one.value !== one.defaultValue);

/** True while a refresh would take something from a person: a field, an opened part, selected text, a sent form. */
function isAtWork() {
  const fields = [...main().querySelectorAll("input, select, textarea")];
  return isEnded || fields.some((one) => one === document.activeElement || isChanged(one))
    || [...main().querySelectorAll("details")].some((one) => one.open !== opened.has(one)) || !getSelection().isCollapsed;
}

/** What the page counts, as a person reads it. */
const figures = (part) => [...part.querySelectorAll(".figures strong, .number, .amount, h2")].map((one) => one.textContent.trim()).join("|");

/** The content of a part without the tokens and numbers of its forms. */
function contentOf(part) {
  const copy = part.cloneNode(true);
  for (const one of copy.querySelectorAll("input[type=hidden]")) one.remove();
  return copy.innerHTML;
}

/** The same control in another part: the one with its id, else its address, heading or words, among those alike. */
function counterpart(one, before, after) {
  const keyOf = (other) => other.id || other.getAttribute("href") || other.getAttribute("aria-labelledby") || other.textContent;
  const alike = (part) => [...part.querySelectorAll(one.tagName)].filter((other) => keyOf(other) === keyOf(one));
  return alike(after)[alike(before).indexOf(one)] ?? null;
}

function replace(fresh) {
  const now = main(), focused = now.contains(document.activeElement) && document.activeElement !== now ? document.activeElement : null;
  const next = focused && counterpart(focused, now, fresh), place = [scrollX, scrollY];
  const sideways = [...now.querySelectorAll(".scroll")].map((one) => one.scrollLeft), isNew = figures(now) !== figures(fresh);
  now.replaceChildren(...fresh.childNodes);
  opened = new Set(now.querySelectorAll("details[open]"));
  for (const [number, one] of now.querySelectorAll(".scroll").entries()) one.scrollLeft = sideways[number] ?? 0;
  if (focused) (next ?? now).focus({ preventScroll: true });
  scrollTo(...place);
  if (isNew) spoken.textContent = `${said.changed} ${clock()}`;
}

function end(words) {
  isEnded = true;
  note.textContent = spoken.textContent = words;
  button.remove();
}

async function refresh() {
  try {
    const headers = tag === null ? {} : { "If-None-Match": tag };
    const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    // Signed out, or no longer allowed: a redirect cannot be read, and what is asked again would be refused again.
    if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) return end(said.ended);
    if (!answer.ok && answer.status !== 304) throw new Error(answer.status);
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"), fresh = page.getElementById("main");
      if (isAtWork() || isPaused()) return; // it began while the answer came; the next one is compared again
      if (contentOf(fresh) !== contentOf(main())) replace(fresh);
      tag = answer.headers.get("ETag");
    }
    wait = EVERY_MS;
    note.textContent = `${said.updated} ${clock()}`;
  } catch {
    wait = Math.min(wait * 2, LONGEST_MS);
    note.textContent = said.failed;
  }
}

function schedule() {
  clearTimeout(timer);
  if (isEnded || isPaused() || document.hidden) return;
  timer = setTimeout(async () => {
    if (isAtWork()) note.textContent = said.busy;
    else await refresh();
    due = Date.now() + wait;
    schedule();
  }, Math.max(due - Date.now(), 0));
}

function show() {
  button.textContent = isPaused() ? said.goOn : said.pause;
  note.textContent = isPaused() ? said.paused : said.live;
  schedule();
}

button.addEventListener("click", () => {
  if (isPaused()) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, "");
  show();
});
document.addEventListener("visibilitychange", schedule);
document.addEventListener("submit", () => clearTimeout(timer));
opened = new Set(main().querySelectorAll("details[open]"));
box.hidden = false;
show();
