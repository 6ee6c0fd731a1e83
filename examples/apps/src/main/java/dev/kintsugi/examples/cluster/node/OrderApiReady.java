package dev.kintsugi.examples.cluster.node;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.AbstractExtensionId;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Extension;

/**
 * The readiness check that asks whether the order API listens, which it does after the node has
 * joined: {@code orders.conf} names it.
 */
public final class OrderApiReady implements Supplier<CompletionStage<Boolean>> {

  private static final Id STATE = new Id();

  private final State state;

  /** What Pekko Management makes it by. */
  public OrderApiReady(ActorSystem system) {
    this.state = STATE.get(system);
  }

  /** It listens from now on. */
  static void set(ClassicActorSystemProvider system) {
    STATE.get(system).listens = true;
  }

  @Override
  public CompletionStage<Boolean> get() {
    return CompletableFuture.completedStage(state.listens);
  }

  private static final class State implements Extension {
    private volatile boolean listens;
  }

  private static final class Id extends AbstractExtensionId<State> {
    @Override
    public State createExtension(ExtendedActorSystem system) {
      return new State();
    }
  }
}
