package dev.kintsugi.runtime.internal.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kintsugi.runtime.status.Comparison;
import dev.kintsugi.runtime.status.RowChange;
import dev.kintsugi.runtime.status.TableChange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A comparison as JSON to be kept with its rebuild. */
public final class Comparisons {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Comparisons() {}

  public static String write(Comparison comparison) throws JsonProcessingException {
    ArrayNode tables = MAPPER.createArrayNode();
    for (TableChange change : comparison.tables()) {
      ObjectNode table = tables.addObject();
      table.put("table", change.table());
      table.put("byKey", change.isByKey());
      table.put("equal", change.equal());
      table.put("differing", change.differing());
      table.put("onlyOlder", change.onlyOlder());
      table.put("onlyNewer", change.onlyNewer());
      change.differingByColumn().forEach(table.putObject("differingByColumn")::put);
      change.columnsOnlyOlder().forEach(table.putArray("columnsOnlyOlder")::add);
      change.columnsOnlyNewer().forEach(table.putArray("columnsOnlyNewer")::add);
      table.put("isOnlyOlder", change.isOnlyOlder());
      table.put("isOnlyNewer", change.isOnlyNewer());
      ArrayNode examples = table.putArray("examples");
      for (RowChange row : change.examples()) {
        ObjectNode example = examples.addObject();
        example.put("key", row.key());
        example.put("older", row.older().orElse(null));
        example.put("newer", row.newer().orElse(null));
      }
    }
    return MAPPER.writeValueAsString(tables);
  }

  /** What was written. */
  public static Comparison read(String json) throws JsonProcessingException {
    List<TableChange> tables = new ArrayList<>();
    for (JsonNode table : MAPPER.readTree(json)) {
      Map<String, Long> byColumn = new LinkedHashMap<>();
      JsonNode columns = table.path("differingByColumn");
      columns
          .fieldNames()
          .forEachRemaining(column -> byColumn.put(column, columns.path(column).asLong()));
      List<RowChange> examples = new ArrayList<>();
      table
          .path("examples")
          .forEach(
              row ->
                  examples.add(
                      new RowChange(
                          row.path("key").asText(), text(row, "older"), text(row, "newer"))));
      tables.add(
          new TableChange(
              table.path("table").asText(),
              table.path("byKey").asBoolean(),
              table.path("equal").asLong(),
              table.path("differing").asLong(),
              table.path("onlyOlder").asLong(),
              table.path("onlyNewer").asLong(),
              byColumn,
              texts(table, "columnsOnlyOlder"),
              texts(table, "columnsOnlyNewer"),
              table.path("isOnlyOlder").asBoolean(),
              table.path("isOnlyNewer").asBoolean(),
              examples));
    }
    return new Comparison(tables);
  }

  private static List<String> texts(JsonNode table, String field) {
    List<String> texts = new ArrayList<>();
    table.path(field).forEach(text -> texts.add(text.asText()));
    return texts;
  }

  private static Optional<String> text(JsonNode row, String field) {
    return Optional.ofNullable(row.get(field)).filter(JsonNode::isTextual).map(JsonNode::asText);
  }
}
