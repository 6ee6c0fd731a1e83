package dev.kintsugi.examples.cluster.kubernetes;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * One document of a file.
 *
 * @param file its name
 */
record Manifest(String file, JsonNode content) {

  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

  /** All documents of a file. */
  static List<Manifest> parse(String file, String text) throws IOException {
    List<Manifest> documents = new ArrayList<>();
    try (MappingIterator<JsonNode> nodes = YAML.readerFor(JsonNode.class).readValues(text)) {
      while (nodes.hasNext()) {
        documents.add(new Manifest(file, nodes.next()));
      }
    }
    return documents;
  }

  String kind() {
    return content.path("kind").asText();
  }

  String name() {
    return content.at("/metadata/name").asText();
  }

  String namespace() {
    return content.at("/metadata/namespace").asText();
  }

  /** What is at a path, as {@code /spec/ports}; none if there is nothing. */
  Stream<JsonNode> each(String path) {
    return elements(content.at(path));
  }

  static Stream<JsonNode> elements(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }

  @Override
  public String toString() {
    return "%s, %s %s".formatted(file, kind(), name());
  }
}
