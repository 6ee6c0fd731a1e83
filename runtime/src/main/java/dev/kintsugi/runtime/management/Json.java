package dev.kintsugi.runtime.management;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.pekko.util.ByteString;

/** JSON of requests and answers. */
final class Json {

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .build();

  private Json() {}

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
      T value = MAPPER.readValue(body.toArray(), type);
      if (value == null) {
        throw new ProblemException(400, "the body is null; it is to be a JSON object");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new ProblemException(400, "the body is not what it is to be: " + firstLine(e));
    } catch (IOException e) {
      throw new ProblemException(400, "the body is no JSON in UTF-8: " + e.getMessage());
    }
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
