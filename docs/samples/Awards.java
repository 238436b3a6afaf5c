import java.net.URI;
import java.net.http.*;

/** Prints the awards of a year as CSV: java Awards.java URL KEY YEAR */
class Awards {
    public static void main(String[] given) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(given[0] + "/v1/awards?year=" + given[2]))
                .header("Authorization", "Bearer " + given[1])
                .header("Accept", "text/csv")
                .build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofLines());
        answer.body().forEach(answer.statusCode() == 200 ? System.out::println : System.err::println);
        System.exit(answer.statusCode() == 200 ? 0 : 1);
    }
}
