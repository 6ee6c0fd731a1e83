package dev.kintsugi.examples.history.files;

import dev.kintsugi.examples.history.input.HistoryLine;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;

/** A file of the repository: an event-sourced actor that remembers whether the file exists. */
public final class FileEntity
    extends EventSourcedBehavior<FileEntity.Change, FileEvent, FileEntity.State> {

  private static final String ID_PREFIX = "File|";

  /** The journal's column for persistence ids is that wide. */
  private static final int LONGEST_ID = 255;

  /**
   * A commit changed the file.
   *
   * @param replyTo hears of it once the event is stored
   */
  public record Change(HistoryLine line, ActorRef<Done> replyTo) {}

  /** What a file knows of itself. */
  public record State(boolean exists) {}

  private FileEntity(String path) {
    super(PersistenceId.ofUniqueId(persistenceId(path)));
  }

  /** The file at a path that {@link #canHave can be} one's. */
  public static Behavior<Change> create(String path) {
    return new FileEntity(path);
  }

  /** The stream of the file at a path. */
  public static String persistenceId(String path) {
    return ID_PREFIX + path;
  }

  /** Whether the journal has room for the persistence id of a file at this path. */
  public static boolean canHave(String path) {
    return ID_PREFIX.length() + path.codePointCount(0, path.length()) <= LONGEST_ID;
  }

  @Override
  public State emptyState() {
    return new State(false);
  }

  @Override
  public CommandHandler<Change, FileEvent, State> commandHandler() {
    return (state, change) ->
        Effect()
            .persist(FileEvent.of(change.line(), state.exists()))
            .thenReply(change.replyTo(), after -> Done.getInstance());
  }

  @Override
  public EventHandler<State, FileEvent> eventHandler() {
    return (state, event) -> new State(event.exists());
  }
}
