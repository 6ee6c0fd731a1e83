package dev.kintsugi.examples.cluster.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ManifestsTest {

  private static final Config CONFIG =
      ConfigFactory.parseFile(new File("../../config/kubernetes.conf"))
          .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));

  /** The files' texts by their names. */
  private static Map<String, String> files() throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (DirectoryStream<Path> found =
        Files.newDirectoryStream(Path.of("../../config/kubernetes"), "*.yaml")) {
      for (Path file : found) {
        files.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    return files;
  }

  private static List<String> problems(Map<String, String> files) throws IOException {
    List<Manifest> manifests = new ArrayList<>();
    for (Map.Entry<String, String> file : files.entrySet()) {
      manifests.addAll(Manifest.parse(file.getKey(), file.getValue()));
    }
    List<String> problems = new ArrayList<>();
    for (Manifest manifest : manifests) {
      ApiFields.problems(manifest).forEach(problem -> problems.add(manifest + ": " + problem));
    }
    problems.addAll(References.problems(manifests, CONFIG));
    return problems;
  }

  @Test
  void the_manifests_are_what_kubernetes_takes() throws IOException {
    assertThat(files()).hasSizeGreaterThanOrEqualTo(7);
    assertThat(problems(files())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          deployment.yaml      | replicas: 3                | replica: 3              | .spec.replica is unknown
          deployment.yaml      | containerPort: 2551        | hostsPort: 2551         | .ports[1].hostsPort is unknown
          deployment.yaml      | replicas: 3                | replicas: "3"           | .spec.replicas is "3" and no java.lang.Integer
          deployment.yaml      | value: "0.0.0.0"           | value: 0                | .value is 0 and no java.lang.String
          deployment.yaml      | runAsNonRoot: true         | runAsNonRoot: "true"    | .runAsNonRoot is "true" and no java.lang.Boolean
          deployment.yaml      | emptyDir: {}               | emptyDir: []            | .emptyDir is [] and no object
          deployment.yaml      | drop: ["ALL"]              | drop: "ALL"             | .drop is "ALL" and no list
          deployment.yaml      | memory: 768Mi              | memory: 768MB           | .memory is "768MB" and no io.kubernetes.client.custom.Quantity
          deployment.yaml      | maxSurge: 1                | maxSurge: 1.5           | .maxSurge is 1.5 and no io.kubernetes.client.custom.IntOrString
          deployment.yaml      | version: "1"               | version: 1              | .labels.version is 1 and no java.lang.String
          deployment.yaml      | containerPort: 2551        | protocol: TCP           | .ports[1].containerPort is missing
          deployment.yaml      | apiVersion: apps/v1        | apiVersion: v1          | there is no v1 Deployment
          service.yaml         | port: 80                   | protocol: TCP           | .spec.ports[0].port is missing
          rbac.yaml            | verbs: ["get"              | verb: ["get"            | .rules[0].verbs is missing
          deployment.yaml      | name: orders\\n  namespace  | namespace               | it has no name
          service.yaml         | namespace: orders          | namespace: order        | there is no namespace order
          deployment.yaml      | matchLabels:\\n      app: o | matchLabels:\\n      app: x | it selects app=xrders
          service.yaml         | selector:\\n    app: orders | selector:\\n    app: order  | it selects app=order,
          pod-disruption-budget.yaml | app: orders          | app: order              | it selects app=order,
          network-policy.yaml  | app: orders                | app: order              | it selects app=order,
          network-policy.yaml  | port: remoting             | port: artery            | the pods have no port "artery"
          service.yaml         | targetPort: http           | targetPort: 8080        | the pods have no port 8080
          deployment.yaml      | port: management           | port: manage            | the pods have no port "manage"
          deployment.yaml      | name: management           | name: manage            | the pods have no port "management"
          deployment.yaml      | serviceAccountName: orders | serviceAccountName: o   | there is no ServiceAccount o
          deployment.yaml      | - name: tmp\\n              | - name: temp\\n          | there is no volume t
          deployment.yaml      | name: orders-database      | name: database          | there is no Secret database
          deployment.yaml      | labels['version']          | labels['release']       | the pods have no label release
          deployment.yaml      | fieldRef:\\n                  fieldPath: status.podIP | secretKeyRef:\\n                  name: orders-database\\n                  key: POD_IP | Secret orders-database has no key POD_IP
          deployment.yaml      | fieldRef:\\n                  fieldPath: status.podIP | configMapKeyRef:\\n                  name: orders\\n                  key: POD_IP | there is no ConfigMap orders
          rbac.yaml            | roleRef:\\n  apiGroup: rbac.authorization.k8s.io\\n  kind: Role\\n  name: pod-reader | roleRef:\\n  apiGroup: rbac.authorization.k8s.io\\n  kind: Role\\n  name: reader | there is no Role reader
          deployment.yaml      | replicas: 3                | replicas: 5             | required-contact-point-nr is not the number of replicas
          """)
  void one_that_is_not_is_found(String file, String good, String bad, String problem)
      throws IOException {
    Map<String, String> files = files();
    String text = files.getOrDefault(file, "");
    String broken = text.replaceFirst(quoted(good), replacement(bad));
    assertThat(broken).as("%s with '%s'", file, bad).isNotEqualTo(text);
    files.put(file, broken);

    assertThat(problems(files)).anyMatch(found -> found.contains(problem));
  }

  private static String quoted(String text) {
    return Pattern.quote(text.replace("\\n", "\n"));
  }

  private static String replacement(String text) {
    return Matcher.quoteReplacement(text.replace("\\n", "\n"));
  }

  @Test
  void a_field_that_is_there_twice_is_found() throws IOException {
    Map<String, String> files = files();
    files.merge("service.yaml", "kind: Service\n", String::concat);

    assertThatThrownBy(() -> problems(files)).hasMessageContaining("Duplicate field 'kind'");
  }
}
