package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.runtime.interleaving.Programs.End;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Who takes part in a story, in the order in which they are started. */
final class Cast {

  private final Map<String, Program> programs = new LinkedHashMap<>();
  private final Scene scene;
  private final Programs does;
  private final Following follows;
  private final Beside beside;

  private Cast(Scene scene) {
    this.scene = scene;
    this.does = new Programs(scene);
    this.follows = new Following(scene, does);
    this.beside = new Beside(scene);
  }

  /** Chooses who takes part. */
  interface Casting {
    Cast cast(Cast empty);
  }

  static Map<String, Program> of(Scene scene, Casting casting) {
    return casting.cast(new Cast(scene)).programs;
  }

  Scene scene() {
    return scene;
  }

  /** What they can do. */
  Programs does() {
    return does;
  }

  /** What they can do where a projection follows, or is to. */
  Following follows() {
    return follows;
  }

  /** What they can do where a generation is built beside the one that serves. */
  Beside beside() {
    return beside;
  }

  Cast writer(String name, String stream, long after, End... ends) {
    return and(name, does.writer(stream, after, ends));
  }

  /** The owner of a rebuild, and recovery beside it. */
  Cast rebuild() {
    return and("rebuild", does.rebuild(Optional.empty())).recovery(2, 0);
  }

  /** The same, where the owner's node crashes, and another one goes on. */
  Cast rebuildThatCrashes(Crash.At at) {
    return and("rebuild", does.rebuild(Optional.of(at))).recovery(2, 0);
  }

  Cast recovery(int generation, int looks) {
    return and("recovery", does.recovery(generation, looks));
  }

  Cast and(String name, Program program) {
    programs.put(name, program);
    return this;
  }
}
