package dev.kintsugi.management;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.util.ByteString;

/**
 * A request that was matched to a route.
 *
 * @param path what stood in the places of the route's template
 * @param body as it came; empty of a request that has none
 */
record ApiCall(HttpRequest request, Map<String, String> path, ByteString body) {

  static final int SHOWN = 50;
  static final int MOST = 1000;

  String part(String name) {
    return path.getOrDefault(name, "");
  }

  Optional<String> header(String name) {
    return header(request, name);
  }

  /**
   * A header's value.
   *
   * @throws ProblemException 400 if it is there twice: nobody could say which one counts
   */
  static Optional<String> header(HttpRequest request, String name) {
    List<String> values =
        StreamSupport.stream(request.getHeaders().spliterator(), false)
            .filter(header -> header.is(name.toLowerCase(Locale.ROOT)))
            .map(HttpHeader::value)
            .toList();
    if (values.size() > 1) {
      throw new ProblemException(400, "the header " + name + " is there twice");
    }
    return values.stream().findFirst();
  }

  /**
   * The query's parameters.
   *
   * @throws ProblemException 400 if there are others than these, or one twice that may be given
   *     once
   */
  Query query(Set<String> once, Set<String> often) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    List<Pair<String, String>> given;
    try {
      given = request.getUri().query().toList();
    } catch (RuntimeException e) {
      throw new ProblemException(400, "the query can't be read: " + e.getMessage());
    }
    for (Pair<String, String> parameter : given) {
      String name = parameter.first();
      if (!once.contains(name) && !often.contains(name)) {
        throw new ProblemException(
            400,
            "there is no parameter '%s' here; there are %s and %s".formatted(name, once, often));
      }
      values.merge(
          name,
          List.of(inUtf8(name, RequestBodies.storable(name, parameter.second()))),
          (some, more) -> Stream.concat(some.stream(), more.stream()).toList());
      if (once.contains(name) && values.getOrDefault(name, List.of()).size() > 1) {
        throw new ProblemException(400, "the parameter '" + name + "' is given twice");
      }
    }
    return new Query(values);
  }

  /** What was encoded otherwise has come as this character. */
  private static String inUtf8(String name, String text) {
    if (text.indexOf('\ufffd') >= 0) {
      throw new ProblemException(400, "the parameter '" + name + "' is not in UTF-8");
    }
    return text;
  }

  /** Parameters that may be there. */
  record Query(Map<String, List<String>> values) {

    List<String> all(String name) {
      return values.getOrDefault(name, List.of());
    }

    Optional<String> one(String name) {
      return all(name).stream().findFirst();
    }

    int limit() {
      return (int) number("limit", 1, MOST).orElse((long) SHOWN).longValue();
    }

    Optional<Long> number(String name, long least, long most) {
      return one(name)
          .map(
              parsed(
                  name,
                  "a whole number from %d to %d".formatted(least, most),
                  text -> {
                    long number = Long.parseLong(text);
                    if (number < least || number > most) {
                      throw new IllegalArgumentException(text);
                    }
                    return number;
                  }));
    }

    Optional<Boolean> flag(String name) {
      return one(name)
          .map(
              parsed(
                  name,
                  "true or false",
                  text -> {
                    if (!text.equals("true") && !text.equals("false")) {
                      throw new IllegalArgumentException(text);
                    }
                    return Boolean.valueOf(text);
                  }));
    }

    static <T> Function<String, T> parsed(String name, String what, Function<String, T> parse) {
      return text -> {
        try {
          return parse.apply(text);
        } catch (IllegalArgumentException e) {
          throw new ProblemException(400, "%s is '%s'; it is to be %s".formatted(name, text, what));
        }
      };
    }
  }
}
