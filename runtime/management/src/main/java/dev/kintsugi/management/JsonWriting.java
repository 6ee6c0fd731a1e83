package dev.kintsugi.management;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.pekko.util.ByteString;

/** JSON of requests and answers. */
final class JsonWriting {

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          // That leaves out texts, which would take any number.
          .withCoercionConfig(
              LogicalType.Textual,
              coercion ->
                  List.of(
                          CoercionInputShape.Integer,
                          CoercionInputShape.Float,
                          CoercionInputShape.Boolean)
                      .forEach(shape -> coercion.setCoercion(shape, CoercionAction.Fail)))
          .build();

  private JsonWriting() {}

  static String text(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a request's body.
   *
   * @throws ProblemException 400, which says where it is not what it is to be
   */
  static <T> T read(ByteString body, Class<T> type) {
    try {
      T value = MAPPER.readValue(utf8(body), type);
      if (value == null) {
        throw new ProblemException(400, "the body is null; it is to be a JSON object");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new ProblemException(400, "the body is not what it is to be: " + firstLine(e));
    } catch (CharacterCodingException e) {
      throw new ProblemException(400, "the body is not in UTF-8");
    }
  }

  /** Left to itself, the parser guesses UTF-16 and UTF-32, too, and takes some malformed UTF-8. */
  private static String utf8(ByteString body) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(body.asByteBuffer()).toString();
  }

  private static String firstLine(JsonProcessingException e) {
    Throwable why = e.getCause() instanceof IllegalArgumentException reason ? reason : e;
    String message = why == e ? e.getOriginalMessage() : why.getMessage();
    String line = String.valueOf(message).lines().findFirst().orElse("");
    return e.getLocation() == null
        ? line
        : "%s (line %d, column %d)"
            .formatted(line, e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }
}
