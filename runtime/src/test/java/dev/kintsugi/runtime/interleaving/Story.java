package dev.kintsugi.runtime.interleaving;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A run as a person reads it: who did how much before the next one came in. Steps that do not
 * depend on each other are told in the order with few such changes.
 */
final class Story {

  private static final Pattern STATEMENT =
      Pattern.compile("(insert into|update|delete from|truncate|lock table|from)\\s+\"?(\\w+)");
  private static final int TOLD = 6;

  private final List<Run.Event> events;
  private final List<BitSet> before;

  private Story(List<Run.Event> events) {
    this.events = events;
    this.before = HappenedBefore.of(events, (earlier, later, past) -> {});
  }

  /** The events of a run in the order of the fewest turns that is found. */
  static List<Run.Event> shortest(List<Run.Event> events, int sessions) {
    Story story = new Story(events);
    List<Run.Event> best = events;
    for (int first = 0; first < sessions; first++) {
      List<Run.Event> told = story.beginningWith(first);
      if (turns(told) < turns(best)) {
        best = told;
      }
    }
    return best;
  }

  /** How often another session goes on. */
  static int turns(List<Run.Event> events) {
    int turns = 0;
    for (int i = 1; i < events.size(); i++) {
      if (events.get(i).session() != events.get(i - 1).session()) {
        turns++;
      }
    }
    return turns;
  }

  private List<Run.Event> beginningWith(int first) {
    List<Run.Event> told = new ArrayList<>();
    BitSet done = new BitSet();
    int session = first;
    while (told.size() < events.size()) {
      int next = nextOf(session, done);
      if (next < 0) {
        next = nextOf(-1, done);
        session = events.get(next).session();
      }
      done.set(next);
      told.add(events.get(next));
    }
    return told;
  }

  /** The first event of a session, or of any, that nothing has to come before. */
  private int nextOf(int session, BitSet done) {
    for (int i = done.nextClearBit(0); i < events.size(); i = done.nextClearBit(i + 1)) {
      if (session < 0 || events.get(i).session() == session) {
        BitSet missing = (BitSet) before.get(i).clone();
        missing.andNot(done);
        if (missing.isEmpty()) {
          return i;
        }
        if (session >= 0) {
          return -1;
        }
      }
    }
    return -1;
  }

  /** A line for each turn. */
  static String tell(List<Run.Event> events, List<String> names) {
    StringBuilder story = new StringBuilder();
    int begin = 0;
    for (int i = 1; i <= events.size(); i++) {
      if (i == events.size() || events.get(i).session() != events.get(begin).session()) {
        story
            .append("    ")
            .append(names.get(events.get(begin).session()))
            .append(": ")
            .append(turn(events.subList(begin, i)))
            .append('\n');
        begin = i;
      }
    }
    return story.toString();
  }

  private static String turn(List<Run.Event> events) {
    List<String> steps = events.stream().map(event -> name(event.step().what())).toList();
    if (steps.size() <= TOLD) {
      return String.join(", ", steps);
    }
    return "%s, … %d steps …, %s"
        .formatted(
            String.join(", ", steps.subList(0, TOLD / 2)),
            steps.size() - TOLD,
            String.join(", ", steps.subList(steps.size() - TOLD / 2, steps.size())));
  }

  /** What a statement does, in few words. */
  private static String name(String what) {
    String sql = what.toLowerCase(Locale.ROOT).replace("\"", "");
    if (sql.startsWith("select pg_current_xact_id")) {
      return "takes an id";
    }
    if (sql.contains("pg_current_snapshot")) {
      return "looks at the fence";
    }
    Matcher statement = STATEMENT.matcher(sql);
    if (!statement.find()) {
      return what;
    }
    return statement.group(1).equals("from")
        ? "reads " + statement.group(2)
        : statement.group(1) + " " + statement.group(2);
  }
}
