package dev.kintsugi.examples.bench.cluster.history;

import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.files.FileEvent;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandlerWithReply;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;

/**
 * A file of the history, on one node of the cluster at a time. Whoever is not answered asks again,
 * perhaps by way of another node; so a file takes only the change that is its next one.
 */
final class ShardedFile
    extends EventSourcedBehaviorWithEnforcedReplies<
        ShardedFile.Store, FileEvent, ShardedFile.State> {

  static final EntityTypeKey<Store> TYPE = EntityTypeKey.create(Store.class, "File");

  /** To be stored, if it is the next one. */
  record Store(Change change, ActorRef<Answer> replyTo) {}

  /** What there is to say of a change. */
  enum Word {
    /** It is stored now. */
    STORED,
    /** It was stored before. */
    KNOWN,
    /** The one before it is not stored, though whoever sends this one was told that it is. */
    AHEAD
  }

  record Answer(Word word) {}

  /**
   * What a file knows of itself.
   *
   * @param changes how many it had
   */
  record State(boolean exists, long changes) {}

  private ShardedFile(String path) {
    super(PersistenceId.ofUniqueId(FileEntity.persistenceId(path)));
  }

  /** Makes files live on this node, among others. */
  static void shard(ClusterSharding sharding) {
    sharding.init(Entity.of(TYPE, context -> new ShardedFile(context.getEntityId())));
  }

  @Override
  public State emptyState() {
    return new State(false, 0);
  }

  @Override
  public CommandHandlerWithReply<Store, FileEvent, State> commandHandler() {
    return (state, store) -> {
      long ahead = store.change().number() - state.changes();
      if (ahead != 1) {
        return Effect().reply(store.replyTo(), new Answer(ahead < 1 ? Word.KNOWN : Word.AHEAD));
      }
      return Effect()
          .persist(FileEvent.of(store.change().line(), state.exists()))
          .thenReply(store.replyTo(), after -> new Answer(Word.STORED));
    };
  }

  @Override
  public EventHandler<State, FileEvent> eventHandler() {
    return (state, event) -> new State(event.exists(), state.changes() + 1);
  }
}
