package dev.kintsugi.examples.cluster.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.gson.annotations.SerializedName;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.custom.QuantityFormatException;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Role;
import io.kubernetes.client.openapi.models.V1RoleBinding;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether a manifest has fields that Kubernetes' API knows, of the types that it knows, and those
 * that it requires. What these are is read from the models of Kubernetes' own Java client, which
 * are made from the API's description. They are not used to read manifests: that would take a
 * number for a text, as the API does not.
 */
final class ApiFields {

  private static final Map<String, Class<?>> KINDS =
      Map.of(
          "v1 Namespace", V1Namespace.class,
          "v1 Secret", V1Secret.class,
          "v1 Service", V1Service.class,
          "v1 ServiceAccount", V1ServiceAccount.class,
          "apps/v1 Deployment", V1Deployment.class,
          "networking.k8s.io/v1 NetworkPolicy", V1NetworkPolicy.class,
          "policy/v1 PodDisruptionBudget", V1PodDisruptionBudget.class,
          "rbac.authorization.k8s.io/v1 Role", V1Role.class,
          "rbac.authorization.k8s.io/v1 RoleBinding", V1RoleBinding.class);

  private final List<String> problems = new ArrayList<>();

  private ApiFields() {}

  /** What is wrong, with where; none if nothing is. */
  static List<String> problems(Manifest manifest) {
    String kind = manifest.content().path("apiVersion").asText() + " " + manifest.kind();
    Class<?> model = KINDS.get(kind);
    if (model == null) {
      return List.of("there is no " + kind);
    }
    ApiFields fields = new ApiFields();
    fields.check("", manifest.content(), model);
    return fields.problems;
  }

  private void check(String path, JsonNode node, Type type) {
    if (type instanceof ParameterizedType generic) {
      Type element = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
      if (generic.getRawType() == List.class) {
        checkList(path, node, element);
      } else {
        checkMap(path, node, element);
      }
    } else if (type instanceof Class<?> plain && plain.getPackageName().endsWith(".models")) {
      checkObject(path, node, plain);
    } else if (!isValue(node, type)) {
      problems.add("%s is %s and no %s".formatted(path, node, type.getTypeName()));
    }
  }

  private void checkList(String path, JsonNode node, Type element) {
    if (!node.isArray()) {
      problems.add("%s is %s and no list".formatted(path, node));
      return;
    }
    for (int i = 0; i < node.size(); i++) {
      check("%s[%d]".formatted(path, i), node.get(i), element);
    }
  }

  private void checkMap(String path, JsonNode node, Type value) {
    if (!node.isObject()) {
      problems.add("%s is %s and no map".formatted(path, node));
      return;
    }
    node.properties().forEach(entry -> check(path + "." + entry.getKey(), entry.getValue(), value));
  }

  private void checkObject(String path, JsonNode node, Class<?> model) {
    if (!node.isObject()) {
      problems.add("%s is %s and no object".formatted(path, node));
      return;
    }
    Map<String, Type> known = fields(model);
    node.properties()
        .forEach(
            entry -> {
              Type type = known.get(entry.getKey());
              if (type == null) {
                problems.add("%s.%s is unknown".formatted(path, entry.getKey()));
              } else {
                check(path + "." + entry.getKey(), entry.getValue(), type);
              }
            });
    required(model).stream()
        .filter(name -> !node.has(name))
        .forEach(name -> problems.add("%s.%s is missing".formatted(path, name)));
  }

  private static Map<String, Type> fields(Class<?> model) {
    Map<String, Type> fields = new HashMap<>();
    for (Field field : model.getDeclaredFields()) {
      SerializedName name = field.getAnnotation(SerializedName.class);
      if (name != null) {
        fields.put(name.value(), field.getGenericType());
      }
    }
    return fields;
  }

  private static Set<String> required(Class<?> model) {
    try {
      Set<?> names = (Set<?>) model.getField("openapiRequiredFields").get(null);
      return names.stream().map(String.class::cast).collect(Collectors.toUnmodifiableSet());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(model + " does not say what it requires", e);
    }
  }

  private static boolean isValue(JsonNode node, Type type) {
    if (type == Integer.class || type == Long.class) {
      return node.isIntegralNumber();
    }
    if (type == Boolean.class) {
      return node.isBoolean();
    }
    if (type == IntOrString.class) {
      return node.isInt() || node.isTextual();
    }
    if (type == Quantity.class) {
      return isQuantity(node);
    }
    if (type == String.class) {
      return node.isTextual();
    }
    throw new IllegalStateException("no manifest had a " + type + " before: what is one?");
  }

  private static boolean isQuantity(JsonNode node) {
    try {
      return node.isValueNode() && Quantity.fromString(node.asText()).getNumber().signum() >= 0;
    } catch (QuantityFormatException e) {
      return false;
    }
  }
}
