package dev.kintsugi.projections.internal.bulk;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.kintsugi.projections.internal.text.StorableText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** What a text has to be that PostgreSQL stores as jsonb. */
final class StorableJson {

  /** PostgreSQL's bound is the size of its stack; this is far below. */
  private static final int DEEPEST = 1000;

  /** Longer numbers than numeric has digits, with sign, point and exponent. */
  private static final int LONGEST_NUMBER = 150_000;

  /** Numbers so short are in the range of numeric, if they have no exponent. */
  private static final int SHORT = 18;

  private static final int BYTES_OF_AN_ENTRY = 4;

  /** Of a container, or of a number, with what it is aligned by. */
  private static final int BYTES_OF_A_HEADER = 8;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxNumberLength(LONGEST_NUMBER)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private StorableJson() {}

  /**
   * The text, if it is one JSON value that PostgreSQL stores.
   *
   * @throws IllegalArgumentException if it is not, with why
   */
  static String checked(String json) {
    StorableText.checked(json, "the JSON");
    try (JsonParser parser = FACTORY.createParser(json)) {
      int values = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (parser.getParsingContext().inRoot() && !token.isStructEnd()) {
          values++;
        } else if (token.isStructStart() && parser.getParsingContext().getParent().inRoot()) {
          values++;
        }
        check(parser, token);
      }
      if (values != 1) {
        throw refusal("it has %d values and not one".formatted(values), json, null);
      }
      return json;
    } catch (JsonProcessingException e) {
      throw refusal(e.getOriginalMessage(), json, e);
    } catch (IOException e) {
      throw new UncheckedIOException("a text can't be read", e);
    }
  }

  /** How many bytes a text that was {@link #checked} takes at most, as jsonb. */
  static long bytes(String json) {
    long bytes = 0;
    try (JsonParser parser = FACTORY.createParser(json)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        bytes += BYTES_OF_AN_ENTRY;
        switch (token) {
          case START_OBJECT, START_ARRAY -> bytes += BYTES_OF_A_HEADER;
          case FIELD_NAME, VALUE_STRING -> bytes += StorableText.bytes(parser.getText());
          case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
              bytes += BYTES_OF_A_HEADER + StorableNumber.bytes(new BigDecimal(parser.getText()));
          default -> {
            // An entry says it all.
          }
        }
      }
      return bytes + BYTES_OF_A_HEADER;
    } catch (IOException e) {
      throw new UncheckedIOException("a text can't be read", e);
    }
  }

  private static void check(JsonParser parser, JsonToken token) throws IOException {
    switch (token) {
      case FIELD_NAME, VALUE_STRING ->
          StorableText.checked(parser.getText(), "a string in the JSON");
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> checkNumber(parser.getText());
      default -> {
        // Brackets, and the words true, false and null.
      }
    }
  }

  private static void checkNumber(String number) {
    if (number.length() <= SHORT && number.indexOf('e') < 0 && number.indexOf('E') < 0) {
      return;
    }
    try {
      StorableNumber.checked(new BigDecimal(number));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "a number in the JSON is out of the range of PostgreSQL's type numeric: "
              + StorableText.shortened(number, 50),
          e);
    }
  }

  private static IllegalArgumentException refusal(
      String why, String json, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "the text is no JSON that PostgreSQL stores: %s. It reads '%s'"
            .formatted(why, StorableText.shortened(json, 100)),
        cause);
  }
}
