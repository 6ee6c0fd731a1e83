package dev.kintsugi.management;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Which handler a request is for, by a table of methods and paths: so that what there is can be
 * listed, and held against the document that promises it.
 */
final class Router {

  /**
   * A line of the table.
   *
   * @param template the path below {@code /projections}, as in {@code /{name}/skips}
   * @param changes whether it is there only where Management is not read-only
   */
  record Line(
      HttpMethod method,
      String template,
      boolean changes,
      Function<ApiCall, CompletionStage<ChangeOutcome>> handler) {}

  /** A line that a request is for, and what stood in the places of its template. */
  record Match(Line line, Map<String, String> path) {}

  private final List<Line> lines;

  Router(List<Line> lines) {
    this.lines = List.copyOf(lines);
  }

  List<Line> lines() {
    return lines;
  }

  /**
   * The line of a request.
   *
   * @param path below {@code /projections}, as it was sent
   * @throws ProblemException 404, or 405 with the methods that there are
   */
  Match match(HttpRequest request, String path) {
    List<String> allowed = new ArrayList<>();
    for (Line line : lines) {
      Optional<Map<String, String>> places = places(line.template(), path);
      if (places.isPresent()) {
        if (line.method().equals(request.method())) {
          return new Match(line, places.get());
        }
        allowed.add(line.method().value());
      }
    }
    if (allowed.isEmpty()) {
      throw new ProblemException(
          404, "there is nothing at this path; /projections/openapi.json says what there is");
    }
    throw new MethodNotAllowed(String.join(", ", new TreeSet<>(allowed)));
  }

  /** Something is at the path, and not by this method. */
  static final class MethodNotAllowed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String allowed;

    MethodNotAllowed(String allowed) {
      super("here are only: " + allowed, null, false, false);
      this.allowed = allowed;
    }

    String allowed() {
      return allowed;
    }
  }

  private static Optional<Map<String, String>> places(String template, String path) {
    String[] wanted = template.split("/", -1);
    String[] given = path.split("/", -1);
    if (wanted.length != given.length) {
      return Optional.empty();
    }
    Map<String, String> places = new LinkedHashMap<>();
    for (int i = 0; i < wanted.length; i++) {
      boolean isPlace = wanted[i].startsWith("{");
      if (isPlace && !given[i].isEmpty()) {
        places.put(wanted[i].substring(1, wanted[i].length() - 1), given[i]);
      } else if (isPlace || !wanted[i].equals(given[i])) {
        return Optional.empty();
      }
    }
    return Optional.of(places);
  }
}
