package dev.kintsugi.runtime.internal.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kintsugi.runtime.verify.RowDifference;
import dev.kintsugi.runtime.verify.TableDifference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What differs, as JSON to be kept. Rows are texts in it and no JSON of its own, so that a long one
 * can be cut.
 */
final class TableReports {

  /** Of a row, or a key. A read model may have documents of megabytes. */
  static final int LONGEST = 4_000;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private TableReports() {}

  static String write(List<TableDifference> tables) throws JsonProcessingException {
    ArrayNode all = MAPPER.createArrayNode();
    for (TableDifference table : tables) {
      ObjectNode one = all.addObject();
      one.put("table", table.table());
      one.put("exists", table.exists());
      one.put("rows", table.rows());
      one.put("missing", table.missing());
      one.put("surplus", table.surplus());
      one.put("conclusive", table.conclusive());
      ArrayNode notCompared = one.putArray("notCompared");
      table.notCompared().forEach(reason -> notCompared.add(cut(reason)));
      ArrayNode examples = one.putArray("examples");
      for (RowDifference row : table.examples()) {
        ObjectNode example = examples.addObject();
        example.put("key", cut(row.key()));
        example.put("expected", row.expected().map(TableReports::cut).orElse(null));
        example.put("actual", row.actual().map(TableReports::cut).orElse(null));
      }
    }
    return MAPPER.writeValueAsString(all);
  }

  /** A text that is not too long to keep, cut between two characters if it is. */
  static String cut(String text) {
    int length = text.codePointCount(0, text.length());
    return length <= LONGEST
        ? text
        : "%s… (%d characters)"
            .formatted(text.substring(0, text.offsetByCodePoints(0, LONGEST)), length);
  }

  /** What was written; a table whose examples were left out has none. */
  static List<TableDifference> read(String json) throws JsonProcessingException {
    List<TableDifference> tables = new ArrayList<>();
    for (JsonNode table : MAPPER.readTree(json)) {
      List<String> notCompared = new ArrayList<>();
      table.path("notCompared").forEach(reason -> notCompared.add(reason.asText()));
      List<RowDifference> examples = new ArrayList<>();
      table
          .path("examples")
          .forEach(
              row ->
                  examples.add(
                      new RowDifference(
                          row.path("key").asText(), text(row, "expected"), text(row, "actual"))));
      tables.add(
          new TableDifference(
              table.path("table").asText(),
              table.path("exists").asBoolean(true),
              table.path("rows").asLong(),
              table.path("missing").asLong(),
              table.path("surplus").asLong(),
              table.path("conclusive").asBoolean(true),
              notCompared,
              examples));
    }
    return tables;
  }

  private static Optional<String> text(JsonNode row, String field) {
    return Optional.ofNullable(row.get(field)).filter(JsonNode::isTextual).map(JsonNode::asText);
  }
}
