package dev.kintsugi.projections.fold;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.kintsugi.projections.internal.text.StorableText;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What PostgreSQL's jsonb makes of a JSON text: keys in its own order, the last of equal keys only,
 * numbers as numeric prints them.
 */
final class Jsonb {

  private static final int MOST_DIGITS_BEFORE_THE_POINT = 131_072;
  private static final int MOST_DIGITS_AFTER_THE_POINT = 16_383;

  /** Shorter ones first, in bytes of UTF-8; then by these bytes. */
  private static final Comparator<String> KEYS =
      Comparator.comparing(
          key -> key.getBytes(StandardCharsets.UTF_8),
          Comparator.<byte[]>comparingInt(key -> key.length)
              .thenComparing(Arrays::compareUnsigned));

  /** Depth alone is bounded: texts and numbers are what the state's mapper has written. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private Jsonb() {}

  /**
   * A JSON text that is equal to what PostgreSQL would give back for one.
   *
   * @throws IllegalArgumentException if PostgreSQL can't store it, with where and why
   * @throws IOException if it is no JSON
   */
  static String normalized(String json) throws IOException {
    StringWriter text = new StringWriter(json.length() + 16);
    try (JsonParser parser = FACTORY.createParser(json);
        JsonGenerator generator = FACTORY.createGenerator(text)) {
      if (parser.nextToken() == null) {
        throw new IOException("there is no JSON");
      }
      write(generator, value(parser));
      if (parser.nextToken() != null) {
        throw new IOException("there is more than one JSON value");
      }
    }
    return text.toString();
  }

  /** A number as it will be printed. */
  private record Digits(String text) {}

  private static @Nullable Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> checked(parser, parser.getText(), "the text");
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser);
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default ->
          throw new IllegalArgumentException(
              "there is no JSON value at %s, but %s"
                  .formatted(where(parser), parser.currentToken()));
    };
  }

  private static Map<String, @Nullable Object> object(JsonParser parser) throws IOException {
    Map<String, @Nullable Object> object = new TreeMap<>(KEYS);
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = checked(parser, parser.currentName(), "the property's name");
      parser.nextToken();
      object.put(key, value(parser));
    }
    return object;
  }

  private static List<@Nullable Object> array(JsonParser parser) throws IOException {
    List<@Nullable Object> array = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      array.add(value(parser));
    }
    return array;
  }

  private static String checked(JsonParser parser, String text, String what) {
    return StorableText.isStorable(text)
        ? text
        : StorableText.checked(text, what + " at " + where(parser));
  }

  private static Digits number(JsonParser parser) throws IOException {
    String text = parser.getText();
    try {
      BigDecimal number = new BigDecimal(text);
      if ((long) number.precision() - number.scale() <= MOST_DIGITS_BEFORE_THE_POINT
          && number.scale() <= MOST_DIGITS_AFTER_THE_POINT) {
        return new Digits(number.toPlainString());
      }
    } catch (NumberFormatException e) {
      // Its exponent has more digits than any number of PostgreSQL's.
    }
    throw new IllegalArgumentException(
        "the number at %s can't be stored: PostgreSQL takes %,d digits before the point and %,d after it. It reads '%s'"
            .formatted(
                where(parser),
                MOST_DIGITS_BEFORE_THE_POINT,
                MOST_DIGITS_AFTER_THE_POINT,
                StorableText.shortened(text, 100)));
  }

  private static String where(JsonParser parser) {
    String pointer = StorableText.repaired(parser.getParsingContext().pathAsPointer().toString());
    return pointer.isEmpty() ? "the top" : "'" + StorableText.shortened(pointer, 200) + "'";
  }

  @SuppressWarnings("unchecked") // objects and arrays are what was made above
  private static void write(JsonGenerator generator, @Nullable Object value) throws IOException {
    if (value instanceof Map<?, ?> object) {
      generator.writeStartObject();
      for (Map.Entry<String, Object> property : ((Map<String, Object>) object).entrySet()) {
        generator.writeFieldName(property.getKey());
        write(generator, property.getValue());
      }
      generator.writeEndObject();
    } else if (value instanceof List<?> array) {
      generator.writeStartArray();
      for (Object element : array) {
        write(generator, element);
      }
      generator.writeEndArray();
    } else if (value instanceof Digits number) {
      generator.writeNumber(number.text());
    } else if (value instanceof String text) {
      generator.writeString(text);
    } else if (value instanceof Boolean bool) {
      generator.writeBoolean(bool);
    } else {
      generator.writeNull();
    }
  }
}
