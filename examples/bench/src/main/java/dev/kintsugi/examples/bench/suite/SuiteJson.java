package dev.kintsugi.examples.bench.suite;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.kintsugi.examples.bench.server.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The run for programs: what it was on, and every figure of every round. */
final class SuiteJson {

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
          .build();

  /** The document. */
  record Run(
      String startedAt,
      String kintsugi,
      String commit,
      Machine machine,
      String postgresql,
      Map<String, String> postgresqlSettings,
      Map<String, Object> settings,
      Sizes sizes,
      int rounds,
      List<Row> measures) {}

  /**
   * A measure.
   *
   * @param ratio ours by the floor, of the medians
   */
  record Row(
      String part,
      String name,
      String unit,
      boolean moreIsBetter,
      Side floor,
      Side ours,
      double ratio) {}

  /** One side's figures. */
  record Side(double median, List<Double> rounds) {}

  private SuiteJson() {}

  static Row row(Result result) {
    return new Row(
        result.part().toString(),
        result.name(),
        result.unit().toString(),
        result.unit().moreIsBetter(),
        new Side(result.medianOfFloor(), result.floor()),
        new Side(result.medianOfOurs(), result.ours()),
        result.ratio());
  }

  static void write(Path file, Run run) throws IOException {
    JSON.writeValue(file.toFile(), run);
  }
}
