package dev.kintsugi.runtime.internal.event;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.kintsugi.runtime.skip.EventView;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/**
 * Shows events as JSON, whatever they were serialized by: what an operator sees is what a handler
 * gets. Of objects that are made for no JSON, their fields are shown.
 */
final class EventViews {

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .addModule(new JavaTimeModule())
          .visibility(PropertyAccessor.ALL, Visibility.NONE)
          .visibility(PropertyAccessor.FIELD, Visibility.ANY)
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final String NOTHING = "null";

  private EventViews() {}

  static EventView of(EventRow row, JournalEvent decoded) {
    Exception undecodable = decoded.undecodable();
    if (undecodable != null) {
      return view(row, row.event().manifest(), stored(row), undecodable.toString());
    }
    List<Object> payloads = decoded.payloads();
    Object shown = payloads.size() == 1 ? payloads.get(0) : payloads;
    String type = payloads.size() == 1 ? shown.getClass().getName() : "";
    try {
      return view(row, type, JSON.writeValueAsString(shown), "");
    } catch (JsonProcessingException e) {
      return view(row, type, text(shown), "not to be shown as JSON: " + e.getOriginalMessage());
    }
  }

  private static EventView view(EventRow row, String type, String json, String problem) {
    return new EventView(
        row.ordering(),
        row.persistenceId(),
        row.sequenceNumber(),
        Instant.ofEpochMilli(row.timestamp()),
        row.event().serializerId(),
        row.event().manifest(),
        type,
        json,
        problem,
        row.event().bytes().length);
  }

  private static String stored(EventRow row) {
    try {
      JsonNode stored = JSON.readTree(row.event().bytes());
      return stored.isMissingNode() ? NOTHING : stored.toString();
    } catch (IOException notJson) {
      return NOTHING;
    }
  }

  private static String text(Object shown) {
    return JSON.getNodeFactory().textNode(String.valueOf(shown)).toString();
  }
}
