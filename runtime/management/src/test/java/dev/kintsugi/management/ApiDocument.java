package dev.kintsugi.management;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.kintsugi.management.Management.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * openapi.json, and what of it a test has seen: statuses of operations, and properties of schemas
 * with something in them.
 */
final class ApiDocument {

  private static final String HERE = "https://kintsugi.test/openapi.json";
  private static final String COMPONENT = "#/components/schemas/";

  private final JsonNode document;
  private final JsonSchemaFactory factory;
  private final Set<String> seenStatuses = new TreeSet<>();
  private final Set<String> seenProperties = new TreeSet<>();

  /** A method at a path as the document writes it. */
  record Operation(String method, String path) implements Comparable<Operation> {
    @Override
    public int compareTo(Operation other) {
      return Comparator.comparing(Operation::path)
          .thenComparing(Operation::method)
          .compare(this, other);
    }
  }

  ApiDocument() throws IOException {
    try (InputStream in = ProjectionRoutes.class.getResourceAsStream("openapi.json")) {
      document = new ObjectMapper().readTree(Objects.requireNonNull(in));
    }
    factory =
        JsonSchemaFactory.getInstance(
            SpecVersion.VersionFlag.V202012,
            builder ->
                builder.schemaLoaders(
                    loaders -> loaders.schemas(Map.of(HERE, document.toString()))));
  }

  JsonNode json() {
    return document;
  }

  Set<Operation> operations() {
    Set<Operation> operations = new TreeSet<>();
    document
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .fieldNames()
                    .forEachRemaining(
                        method ->
                            operations.add(
                                new Operation(method.toUpperCase(Locale.ROOT), path.getKey()))));
    return operations;
  }

  JsonNode of(Operation operation) {
    return document
        .path("paths")
        .path(operation.path())
        .path(operation.method().toLowerCase(Locale.ROOT));
  }

  /** Asserts that the document has this status, and that the body is as its schema says. */
  void check(Operation operation, Answer answer) {
    String what = operation.method() + " " + operation.path() + " " + answer.status();
    JsonNode response = of(operation).path("responses").path(String.valueOf(answer.status()));
    assertThat(response.isMissingNode())
        .as("%s is not documented: %s", what, answer.response().body())
        .isFalse();
    seen(operation, answer.status());
    response
        .path("headers")
        .fieldNames()
        .forEachRemaining(header -> assertThat(answer.header(header)).as(header).isNotEmpty());
    String type = answer.header("Content-Type").replaceFirst(";.*", "");
    JsonNode content = response.path("content").path(type);
    assertThat(content.isMissingNode()).as("%s has no content of %s", what, type).isFalse();
    if (type.endsWith("json")) {
      check(what, content.path("schema"), answer.json());
    }
  }

  void seen(Operation operation, int status) {
    seenStatuses.add(operation.method() + " " + operation.path() + " " + status);
  }

  /** Asserts that the body of a request is as the document says. */
  void checkRequest(Operation operation, JsonNode body) {
    check("the request of " + operation, requestSchema(operation), body);
  }

  /** What the document has against the body of a request. */
  List<String> complaints(Operation operation, JsonNode body) {
    return complaints(requestSchema(operation), body);
  }

  private JsonNode requestSchema(Operation operation) {
    return of(operation).at("/requestBody/content/application~1json/schema");
  }

  /** Asserts that a value is as a schema among the components says. */
  void check(String component, JsonNode value) {
    check(
        component, new ObjectMapper().createObjectNode().put("$ref", COMPONENT + component), value);
  }

  private void check(String what, JsonNode schema, JsonNode value) {
    assertThat(complaints(schema, value)).as("%s: %s", what, value).isEmpty();
    see("", schema, value);
  }

  private List<String> complaints(JsonNode schema, JsonNode value) {
    String reference = schema.path("$ref").asText();
    SchemaValidatorsConfig strict =
        SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
    JsonSchema validator =
        reference.isEmpty()
            ? factory.getSchema(schema, strict)
            : factory.getSchema(SchemaLocation.of(HERE + reference), strict);
    return validator.validate(value).stream().map(ValidationMessage::toString).toList();
  }

  private void see(String place, JsonNode schema, JsonNode value) {
    String reference = schema.path("$ref").asText();
    if (!reference.isEmpty()) {
      String name = reference.substring(COMPONENT.length());
      see(name, document.at("/components/schemas/" + name), value);
      return;
    }
    if (value.isArray()) {
      value.forEach(item -> see(place, schema.path("items"), item));
    }
    schema.path("anyOf").forEach(one -> see(place, one, value));
    schema
        .path("properties")
        .properties()
        .forEach(
            property -> {
              String name = place + "." + property.getKey();
              if (value.hasNonNull(property.getKey())) {
                seenProperties.add(name);
                see(name, property.getValue(), value.path(property.getKey()));
              }
            });
  }

  /** Properties that the document promises and that no answer and no request had. */
  Set<String> unseenProperties() {
    Set<String> unseen = new TreeSet<>();
    document
        .at("/components/schemas")
        .properties()
        .forEach(schema -> promise(schema.getKey(), schema.getValue(), unseen));
    unseen.removeAll(seenProperties);
    return unseen;
  }

  private static void promise(String place, JsonNode schema, Set<String> promised) {
    schema
        .path("properties")
        .properties()
        .forEach(
            property -> {
              promised.add(place + "." + property.getKey());
              promise(place + "." + property.getKey(), property.getValue(), promised);
            });
  }

  /** Statuses that the document promises and that no answer had, besides some. */
  List<String> unseenStatuses(Set<String> besides) {
    List<String> unseen = new ArrayList<>();
    for (Operation operation : operations()) {
      of(operation)
          .path("responses")
          .fieldNames()
          .forEachRemaining(
              status -> {
                String what = operation.method() + " " + operation.path() + " " + status;
                if (!besides.contains(status) && !seenStatuses.contains(what)) {
                  unseen.add(what);
                }
              });
    }
    return unseen;
  }
}
