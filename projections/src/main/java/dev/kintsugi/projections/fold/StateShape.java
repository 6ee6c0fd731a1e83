package dev.kintsugi.projections.fold;

import dev.kintsugi.projections.internal.text.StorableText;
import java.io.Serializable;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a state's class says of its states: whether one that is read back from JSON is known to be
 * equal to the one that was written, and nobody can change it in place. Such a state is *faithful*:
 * it can be kept as it is. All others are kept as JSON.
 *
 * <p>Faithful are records of whole numbers, booleans, texts, enums, instants, local dates and
 * times, UUIDs, and of such records; and these types themselves. Not so: floating point (-0.0),
 * decimals (1E+2), collections and maps (order, classes, changes in place), times with zones,
 * Optional (a null), whatever has annotations, getters beside its components, type parameters or a
 * mapper of the application's own.
 */
final class StateShape {

  private static final Set<Class<?>> FAITHFUL =
      Set.of(
          boolean.class,
          byte.class,
          short.class,
          int.class,
          long.class,
          Boolean.class,
          Byte.class,
          Short.class,
          Integer.class,
          Long.class,
          String.class,
          Instant.class,
          LocalDate.class,
          LocalDateTime.class,
          UUID.class);

  /** Interfaces from which Jackson learns nothing. */
  private static final Set<Class<?>> PLAIN = Set.of(Serializable.class, Comparable.class);

  private final boolean isFaithful;
  private final Class<?> type;

  /** The components that are texts, or have some; none unless it is a faithful record. */
  private final List<Part> withTexts = new ArrayList<>();

  private final List<Part> parts = new ArrayList<>();

  private StateShape(Class<?> type, Set<Class<?>> around) {
    this.type = type;
    this.isFaithful =
        FAITHFUL.contains(type)
            || (type.isEnum() && isPlain(type))
            || (type.isRecord() && isPlain(type) && around.add(type) && takesParts(around));
    around.remove(type);
  }

  /** A component of a record. */
  private record Part(String name, StateShape shape, MethodHandle accessor) {
    @Nullable Object of(Object state) {
      try {
        return (Object) accessor.invokeExact(state);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("the accessor of component '" + name + "' failed", e);
      }
    }
  }

  /**
   * The shape of a class.
   *
   * @param isOwnMapper whether its states are written by the runtime's own mapper, of which it is
   *     known what it does
   */
  static StateShape of(Class<?> type, boolean isOwnMapper) {
    return isOwnMapper
        ? new StateShape(type, new HashSet<>())
        : new StateShape(Object.class, new HashSet<>());
  }

  /** Whether a state of it is read back as it was written. */
  boolean isFaithful() {
    return isFaithful;
  }

  private static boolean isPlain(Class<?> type) {
    return PLAIN.containsAll(List.of(type.getInterfaces()))
        && type.getTypeParameters().length == 0
        && Stream.<AnnotatedElement>concat(
                Stream.of(type),
                Stream.of(
                        type.getDeclaredFields(),
                        type.getDeclaredMethods(),
                        type.getDeclaredConstructors())
                    .flatMap(Arrays::stream))
            .allMatch(element -> element.getAnnotations().length == 0)
        && Stream.of(type.getDeclaredConstructors())
            .flatMap(constructor -> Stream.of(constructor.getParameterAnnotations()))
            .allMatch(annotations -> annotations.length == 0);
  }

  private boolean takesParts(Set<Class<?>> around) {
    RecordComponent[] components = type.getRecordComponents();
    if (components.length == 0
        || hasOtherGetters(Stream.of(components).map(RecordComponent::getName).toList())) {
      return false;
    }
    for (RecordComponent component : components) {
      Class<?> partType = component.getType();
      if (around.contains(partType)) {
        return false;
      }
      StateShape shape = new StateShape(partType, around);
      Optional<MethodHandle> accessor = accessorOf(component);
      if (!shape.isFaithful || accessor.isEmpty()) {
        return false;
      }
      Part part = new Part(component.getName(), shape, accessor.get());
      parts.add(part);
      if (partType == String.class || !shape.withTexts.isEmpty()) {
        withTexts.add(part);
      }
    }
    return true;
  }

  /** Jackson writes what they return, too, or even instead of a component. */
  private boolean hasOtherGetters(List<String> components) {
    return Stream.of(type.getDeclaredMethods())
        .filter(method -> !Modifier.isStatic(method.getModifiers()))
        .filter(method -> method.getParameterCount() == 0)
        .map(Method::getName)
        .filter(name -> name.startsWith("get") || name.startsWith("is"))
        .anyMatch(name -> !components.contains(name));
  }

  private static Optional<MethodHandle> accessorOf(RecordComponent component) {
    try {
      Method accessor = component.getAccessor();
      accessor.setAccessible(true);
      return Optional.of(
          MethodHandles.lookup()
              .unreflect(accessor)
              .asType(MethodType.methodType(Object.class, Object.class)));
    } catch (IllegalAccessException | RuntimeException e) {
      return Optional.empty();
    }
  }

  /**
   * Refuses a faithful state with a text that PostgreSQL can't store.
   *
   * @throws IllegalArgumentException that says which
   */
  void checkTexts(Object state) {
    if (state instanceof String text) {
      StorableText.checked(text, "the text");
    }
    for (Part part : withTexts) {
      Object value = part.of(state);
      if (value instanceof String text) {
        if (!StorableText.isStorable(text)) {
          StorableText.checked(
              text, "the text in property '%s' of %s".formatted(part.name, type.getName()));
        }
      } else if (value != null) {
        part.shape.checkTexts(value);
      }
    }
  }

  /**
   * Which property of which class differs in two states, in words; empty if the states are equal.
   */
  Optional<String> difference(Object written, Object read) {
    if (Objects.equals(written, read)) {
      return Optional.empty();
    }
    for (Part part : parts) {
      Object before = part.of(written);
      Object after = part.of(read);
      if (!Objects.equals(before, after)) {
        Optional<String> within =
            before == null || after == null
                ? Optional.empty()
                : part.shape.difference(before, after).filter(found -> !part.shape.parts.isEmpty());
        return Optional.of(
            within.orElseGet(
                () ->
                    "property '%s' of %s: '%s' was written, and '%s' is read back"
                        .formatted(part.name, type.getName(), before, after)));
      }
    }
    return Optional.of(
        "%s: '%s' was written, and '%s', which is not equal to it, is read back"
            .formatted(type.getName(), written, read));
  }
}
