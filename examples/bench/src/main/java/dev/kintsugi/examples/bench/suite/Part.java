package dev.kintsugi.examples.bench.suite;

import java.util.List;
import java.util.Locale;

/** A part of the suite. */
enum Part {
  APPEND,
  REBUILD,
  REBUILD_UNDER_LOAD,
  DRAIN,
  CONSULT,
  FENCE,
  START;

  /** Its groups of measures. */
  List<Group> groups(Ground ground) {
    return switch (this) {
      case APPEND -> AppendGroup.all(ground);
      case REBUILD -> List.of(new RebuildGroup(ground, false));
      case REBUILD_UNDER_LOAD -> List.of(new RebuildGroup(ground, true));
      case DRAIN -> DrainGroup.all(ground);
      case CONSULT -> ConsultGroup.all(ground);
      case FENCE -> List.of(new FenceGroup(ground), new LookGroup(ground));
      case START -> List.of(new StartGroup(ground));
    };
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
