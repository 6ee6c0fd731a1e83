package dev.kintsugi.runtime.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The public signatures of an artifact, as a listing that is compared with one in the repository:
 * no change of what applications may use goes unseen.
 */
public final class PublicApi {

  private final Path root;
  private final ClassLoader loader;

  private PublicApi(Path root, ClassLoader loader) {
    this.root = root;
    this.loader = loader;
  }

  /**
   * Compares an artifact's listing with the one in the repository, and writes it to {@code target},
   * from where a change that was meant is copied.
   *
   * @param one some class of the artifact
   */
  public static void compare(Class<?> one, Path listing) throws Exception {
    List<String> lines = listing(one);
    assertThat(lines)
        .as("public signatures that name an internal type")
        .noneMatch(line -> line.contains(".internal."));
    Path made =
        Files.createDirectories(Path.of("target"))
            .resolve("api-of-" + one.getPackageName() + ".txt");
    Files.write(made, lines);
    assertThat(lines)
        .as("the public API. Was the change meant, copy %s to %s", made, listing)
        .isEqualTo(Files.readAllLines(listing));
  }

  private static List<String> listing(Class<?> one) throws Exception {
    Path where = Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
    if (Files.isDirectory(where)) {
      return new PublicApi(where, one.getClassLoader()).lines();
    }
    try (FileSystem jar = FileSystems.newFileSystem(uri(where), Map.of())) {
      return new PublicApi(jar.getPath("/"), one.getClassLoader()).lines();
    }
  }

  private static URI uri(Path jar) throws URISyntaxException {
    return new URI("jar:" + jar.toUri());
  }

  private List<String> lines() throws IOException, ClassNotFoundException {
    Map<String, List<String>> types = new TreeMap<>();
    for (String name : classes()) {
      Class<?> type = Class.forName(name, false, loader);
      if (isSeen(type)) {
        types.put(type.getTypeName(), members(type));
      }
    }
    List<String> lines = new ArrayList<>();
    types.forEach(
        (name, members) -> {
          lines.add(members.get(0));
          members.stream().skip(1).sorted().forEach(member -> lines.add("  " + member));
        });
    return lines;
  }

  private List<String> classes() throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .map(file -> root.relativize(file).toString())
          .filter(file -> file.endsWith(".class") && !file.endsWith("-info.class"))
          .map(file -> file.substring(0, file.length() - ".class".length()).replace('/', '.'))
          .filter(name -> !name.contains(".internal."))
          .toList();
    }
  }

  private static boolean isSeen(Class<?> type) {
    return isSeen(type.getModifiers())
        && (type.getEnclosingClass() == null || isSeen(type.getEnclosingClass()))
        && !type.isAnonymousClass()
        && !type.isLocalClass();
  }

  private static boolean isSeen(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static List<String> members(Class<?> type) {
    List<String> members = new ArrayList<>();
    members.add(type.toGenericString() + supertypes(type));
    Stream.of(
            Arrays.stream(type.getDeclaredConstructors()).filter(PublicApi::isSeen),
            Arrays.stream(type.getDeclaredFields()).filter(PublicApi::isSeen),
            Arrays.stream(type.getDeclaredMethods())
                .filter(method -> isSeen(method) && !method.isBridge()))
        .flatMap(some -> some)
        .forEach(member -> members.add(signature(member)));
    return members;
  }

  private static boolean isSeen(Member member) {
    return isSeen(member.getModifiers()) && !member.isSynthetic();
  }

  private static String signature(Member member) {
    if (member instanceof java.lang.reflect.Executable executable) {
      return executable.toGenericString();
    }
    return ((java.lang.reflect.Field) member).toGenericString();
  }

  private static String supertypes(Class<?> type) {
    List<String> supertypes = new ArrayList<>();
    if (type.getGenericSuperclass() != null) {
      supertypes.add(type.getGenericSuperclass().getTypeName());
    }
    Arrays.stream(type.getGenericInterfaces()).forEach(one -> supertypes.add(one.getTypeName()));
    return supertypes.stream()
        .filter(name -> !name.equals("java.lang.Object"))
        .collect(Collectors.joining(", ", " : ", ""));
  }
}
