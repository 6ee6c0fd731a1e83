package dev.kintsugi.examples.history.files;

import dev.kintsugi.examples.history.input.HistoryLine;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/** Imports a history with many writers at once; the guardian of the example's actor system. */
public final class Importer extends AbstractBehavior<Importer.Command> {

  /** What the importer is told. */
  public sealed interface Command {}

  /**
   * Imports the lines, each file's in the order given. To be told once.
   *
   * @param writers how many transactions may be under way at a time
   * @param progress hears of every event, and of the failure if there is one
   */
  public record Import(List<HistoryLine> lines, int writers, ImportProgress progress)
      implements Command {}

  record Stored() implements Command {}

  record Failed(HistoryLine line, Throwable cause) implements Command {}

  private Importer(ActorContext<Command> context) {
    super(context);
  }

  /** An importer that waits for its {@link Import}. */
  public static Behavior<Command> create() {
    return Behaviors.setup(Importer::new);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder().onMessage(Import.class, this::begin).build();
  }

  private Behavior<Command> begin(Import job) {
    for (List<HistoryLine> lines : partition(job)) {
      getContext().spawnAnonymous(FileWriter.create(lines, getContext().getSelf()));
    }
    return importing(job.progress());
  }

  private static Collection<List<HistoryLine>> partition(Import job) {
    return job.lines().stream()
        .collect(
            Collectors.groupingBy(line -> Math.floorMod(line.path().hashCode(), job.writers())))
        .values();
  }

  private Behavior<Command> importing(ImportProgress progress) {
    return newReceiveBuilder()
        .onMessage(
            Stored.class,
            stored -> {
              progress.advance();
              return Behaviors.same();
            })
        .onMessage(
            Failed.class,
            failed -> {
              progress.fail(new ImportFailedException(failed.line(), failed.cause()));
              return Behaviors.same();
            })
        .build();
  }
}
