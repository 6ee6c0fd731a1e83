package dev.kintsugi.examples.history.files;

import dev.kintsugi.examples.history.input.HistoryLine;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * Writes the changes of some files, in order, and stops after the last. The next is sent when the
 * file has acknowledged the one before: so each file sees its changes in the history's order, and
 * as many transactions are under way as there are writers.
 */
final class FileWriter extends AbstractBehavior<Done> {

  private final Iterator<HistoryLine> lines;
  private final ActorRef<Importer.Command> importer;
  private final Map<String, ActorRef<FileEntity.Change>> files = new HashMap<>();
  private HistoryLine underWay;

  /**
   * @param lines one or more, all the lines of each of their files
   */
  static Behavior<Done> create(List<HistoryLine> lines, ActorRef<Importer.Command> importer) {
    return Behaviors.setup(context -> new FileWriter(context, lines.iterator(), importer));
  }

  private FileWriter(
      ActorContext<Done> context,
      Iterator<HistoryLine> lines,
      ActorRef<Importer.Command> importer) {
    super(context);
    this.lines = lines;
    this.importer = importer;
    this.underWay = lines.next();
    send();
  }

  @Override
  public Receive<Done> createReceive() {
    return newReceiveBuilder()
        .onMessage(Done.class, acknowledged -> next())
        .onSignal(ChildFailed.class, this::giveUp)
        .build();
  }

  private Behavior<Done> next() {
    importer.tell(new Importer.Stored());
    if (!lines.hasNext()) {
      return Behaviors.stopped();
    }
    underWay = lines.next();
    send();
    return this;
  }

  private void send() {
    files
        .computeIfAbsent(underWay.path(), this::spawn)
        .tell(new FileEntity.Change(underWay, getContext().getSelf()));
  }

  private ActorRef<FileEntity.Change> spawn(String path) {
    ActorRef<FileEntity.Change> file = getContext().spawnAnonymous(FileEntity.create(path));
    getContext().watch(file);
    return file;
  }

  private Behavior<Done> giveUp(ChildFailed failed) {
    importer.tell(new Importer.Failed(underWay, failed.getCause()));
    return Behaviors.stopped();
  }
}
