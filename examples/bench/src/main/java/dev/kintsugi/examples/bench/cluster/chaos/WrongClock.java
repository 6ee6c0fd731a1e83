package dev.kintsugi.examples.bench.cluster.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.time.Duration;
import java.time.Instant;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Has a JVM live in another time: an agent that makes every class but the JDK's own ask this one
 * where it would ask {@link System#currentTimeMillis} or {@link Instant#now()}. What measures
 * durations ({@link System#nanoTime}) goes on as it should, as it does on a machine whose clock is
 * off. (To change the clock under the JVM, libfaketime would be the usual tool; under it the JVM's
 * timed waits return at once.)
 */
public final class WrongClock {

  private static final String SELF = WrongClock.class.getName().replace('.', '/');
  private static final String MILLIS = "currentTimeMillis";
  private static final String NOW = "now";
  private static final String NOW_TYPE = "()Ljava/time/Instant;";

  private static volatile Duration ahead = Duration.ZERO;

  private WrongClock() {}

  /**
   * The option of a JVM with the same class path whose clock is off.
   *
   * @param directory where the agent's archive is made; it has nothing but its name in it
   */
  static String option(Path directory, Duration ahead) throws IOException {
    Path archive = directory.resolve("wrong-clock.jar");
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Premain-Class", WrongClock.class.getName());
    try (OutputStream out = Files.newOutputStream(archive)) {
      new JarOutputStream(out, manifest).close();
    }
    return "-javaagent:%s=%s".formatted(archive, ahead);
  }

  /** What the JVM calls before the program. */
  public static void premain(String ahead, Instrumentation instrumentation) {
    WrongClock.ahead = Duration.parse(ahead);
    instrumentation.addTransformer(new Transformer());
  }

  /** What classes call for {@link System#currentTimeMillis}. */
  public static long currentTimeMillis() {
    return System.currentTimeMillis() + ahead.toMillis();
  }

  /** What classes call for {@link Instant#now()}. */
  public static Instant now() {
    return Instant.now().plus(ahead);
  }

  private static final class Transformer implements ClassFileTransformer {

    @Override
    public byte @Nullable [] transform(
        @Nullable ClassLoader loader,
        String name,
        @Nullable Class<?> before,
        ProtectionDomain domain,
        byte[] bytes) {
      return loader == null || name.equals(SELF) || !mayAsk(bytes) ? null : transformed(bytes);
    }

    /** Most classes do not ask, and are left alone. */
    private static boolean mayAsk(byte[] bytes) {
      String constants = new String(bytes, StandardCharsets.ISO_8859_1);
      return constants.contains(MILLIS) || constants.contains(NOW_TYPE);
    }

    private static byte[] transformed(byte[] bytes) {
      ClassReader reader = new ClassReader(bytes);
      ClassWriter writer = new ClassWriter(reader, 0);
      reader.accept(new Redirected(writer), 0);
      return writer.toByteArray();
    }
  }

  private static final class Redirected extends ClassVisitor {

    Redirected(ClassVisitor next) {
      super(Opcodes.ASM9, next);
    }

    @Override
    public MethodVisitor visitMethod(
        int access,
        String name,
        String descriptor,
        @Nullable String signature,
        String @Nullable [] exceptions) {
      return new MethodVisitor(
          Opcodes.ASM9, super.visitMethod(access, name, descriptor, signature, exceptions)) {
        @Override
        public void visitMethodInsn(
            int opcode, String owner, String method, String type, boolean ofInterface) {
          super.visitMethodInsn(
              opcode, asksForTime(owner, method, type) ? SELF : owner, method, type, ofInterface);
        }
      };
    }

    private static boolean asksForTime(String owner, String method, String type) {
      return switch (owner) {
        case "java/lang/System" -> method.equals(MILLIS);
        case "java/time/Instant" -> method.equals(NOW) && type.equals(NOW_TYPE);
        default -> false;
      };
    }
  }
}
