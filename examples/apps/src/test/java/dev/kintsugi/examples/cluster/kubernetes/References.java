package dev.kintsugi.examples.cluster.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Whether what manifests name is there, in the others or in {@code kubernetes.conf}. Kubernetes
 * itself takes names of what is not, and waits for it, or selects nothing.
 */
final class References {

  private static final String POD = "/spec/template";

  private final List<Manifest> manifests;
  private final Manifest deployment;
  private final List<String> problems = new ArrayList<>();

  private References(List<Manifest> manifests) {
    this.manifests = manifests;
    this.deployment = of("Deployment").findFirst().orElseThrow();
  }

  /**
   * What is wrong; none if nothing is.
   *
   * @param config what the nodes in the pods run on
   */
  static List<String> problems(List<Manifest> manifests, Config config) {
    References references = new References(manifests);
    references.checkNames();
    references.checkSelectors();
    references.checkPorts();
    references.checkPod();
    references.checkRoles();
    references.checkBootstrap(config);
    return references.problems;
  }

  private Stream<Manifest> of(String kind) {
    return manifests.stream().filter(manifest -> manifest.kind().equals(kind));
  }

  private Optional<Manifest> find(String kind, String name) {
    return of(kind).filter(manifest -> manifest.name().equals(name)).findFirst();
  }

  private void require(boolean holds, Manifest where, String problem) {
    if (!holds) {
      problems.add(where + ": " + problem);
    }
  }

  private void checkNames() {
    for (Manifest manifest : manifests) {
      require(!manifest.name().isEmpty(), manifest, "it has no name");
      require(
          manifest.kind().equals("Namespace")
              || find("Namespace", manifest.namespace()).isPresent(),
          manifest,
          "there is no namespace %s".formatted(manifest.namespace()));
    }
  }

  private void checkSelectors() {
    selects(deployment, deployment.content().at("/spec/selector/matchLabels"));
    deployment
        .each(POD + "/spec/topologySpreadConstraints")
        .forEach(spread -> selects(deployment, spread.at("/labelSelector/matchLabels")));
    of("Service").forEach(service -> selects(service, service.content().at("/spec/selector")));
    of("PodDisruptionBudget")
        .forEach(budget -> selects(budget, budget.content().at("/spec/selector/matchLabels")));
    of("NetworkPolicy")
        .forEach(
            policy -> {
              selects(policy, policy.content().at("/spec/podSelector/matchLabels"));
              policy
                  .each("/spec/ingress")
                  .flatMap(rule -> Manifest.elements(rule.path("from")))
                  .filter(from -> !from.has("namespaceSelector"))
                  .forEach(from -> selects(policy, from.at("/podSelector/matchLabels")));
            });
  }

  private void selects(Manifest manifest, JsonNode labels) {
    JsonNode pod = deployment.content().at(POD + "/metadata/labels");
    require(!labels.isEmpty(), manifest, "a selector has no labels");
    labels
        .properties()
        .forEach(
            label ->
                require(
                    label.getValue().equals(pod.get(label.getKey())),
                    manifest,
                    "it selects %s=%s, and the pods are not so labelled"
                        .formatted(label.getKey(), label.getValue().asText())));
  }

  private void checkPorts() {
    of("Service")
        .forEach(
            service ->
                service
                    .each("/spec/ports")
                    .forEach(port -> isPort(service, port.path("targetPort"))));
    of("NetworkPolicy")
        .forEach(
            policy ->
                policy
                    .each("/spec/ingress")
                    .flatMap(rule -> Manifest.elements(rule.path("ports")))
                    .forEach(port -> isPort(policy, port.path("port"))));
    containers()
        .flatMap(
            container ->
                Stream.of("startupProbe", "livenessProbe", "readinessProbe").map(container::path))
        .forEach(probe -> isPort(deployment, probe.at("/httpGet/port")));
  }

  private Stream<JsonNode> containers() {
    return deployment.each(POD + "/spec/containers");
  }

  private void isPort(Manifest manifest, JsonNode port) {
    boolean named =
        containers()
            .flatMap(container -> Manifest.elements(container.path("ports")))
            .anyMatch(
                known -> port.equals(known.get("name")) || port.equals(known.get("containerPort")));
    require(named, manifest, "the pods have no port %s".formatted(port));
  }

  private void checkPod() {
    String account = deployment.content().at(POD + "/spec/serviceAccountName").asText();
    require(
        find("ServiceAccount", account).isPresent(),
        deployment,
        "there is no ServiceAccount %s".formatted(account));
    Set<String> volumes =
        deployment
            .each(POD + "/spec/volumes")
            .map(volume -> volume.path("name").asText())
            .collect(Collectors.toUnmodifiableSet());
    containers()
        .flatMap(container -> Manifest.elements(container.path("volumeMounts")))
        .map(mount -> mount.path("name").asText())
        .forEach(
            name ->
                require(
                    volumes.contains(name), deployment, "there is no volume %s".formatted(name)));
    containers()
        .flatMap(container -> Manifest.elements(container.path("envFrom")))
        .forEach(this::checkEnvironmentFrom);
    containers()
        .flatMap(container -> Manifest.elements(container.path("env")))
        .forEach(variable -> checkVariable(variable.path("valueFrom")));
  }

  private void checkEnvironmentFrom(JsonNode from) {
    isThere("Secret", from.path("secretRef"));
    isThere("ConfigMap", from.path("configMapRef"));
  }

  private void checkVariable(JsonNode from) {
    isThere("Secret", from.path("secretKeyRef"));
    isThere("ConfigMap", from.path("configMapKeyRef"));
    String field = from.at("/fieldRef/fieldPath").asText();
    if (field.startsWith("metadata.labels['")) {
      String label = field.substring("metadata.labels['".length(), field.length() - "']".length());
      require(
          deployment.content().at(POD + "/metadata/labels").has(label),
          deployment,
          "the pods have no label %s".formatted(label));
    }
  }

  /** By name and, if one is given, key. */
  private void isThere(String kind, JsonNode reference) {
    if (reference.isMissingNode()) {
      return;
    }
    String name = reference.path("name").asText();
    Optional<Manifest> found = find(kind, name);
    require(found.isPresent(), deployment, "there is no %s %s".formatted(kind, name));
    if (found.isPresent() && reference.has("key")) {
      String key = reference.path("key").asText();
      JsonNode content = found.get().content();
      require(
          content.path("data").has(key) || content.path("stringData").has(key),
          deployment,
          "%s %s has no key %s".formatted(kind, name, key));
    }
  }

  private void checkRoles() {
    of("RoleBinding")
        .forEach(
            binding -> {
              JsonNode role = binding.content().path("roleRef");
              refersTo(binding, role);
              binding.each("/subjects").forEach(subject -> refersTo(binding, subject));
            });
  }

  private void refersTo(Manifest binding, JsonNode reference) {
    String kind = reference.path("kind").asText();
    String name = reference.path("name").asText();
    require(find(kind, name).isPresent(), binding, "there is no %s %s".formatted(kind, name));
  }

  /** What the nodes look for to find each other. */
  private void checkBootstrap(Config config) {
    Config discovery =
        config.getConfig("pekko.management.cluster.bootstrap.contact-point-discovery");
    isPort(deployment, TextNode.valueOf(discovery.getString("port-name")));
    String selector =
        config
            .getString("pekko.discovery.kubernetes-api.pod-label-selector")
            .formatted(discovery.getString("service-name"));
    String[] label = selector.split("=", 2);
    require(
        label[1].equals(deployment.content().at(POD + "/metadata/labels").path(label[0]).asText()),
        deployment,
        "nodes look for pods with %s".formatted(selector));
    require(
        discovery.getInt("required-contact-point-nr")
            == deployment.content().at("/spec/replicas").asInt(),
        deployment,
        "required-contact-point-nr is not the number of replicas");
  }
}
