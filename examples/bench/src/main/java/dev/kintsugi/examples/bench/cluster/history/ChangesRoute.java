package dev.kintsugi.examples.bench.cluster.history;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.AbstractExtensionId;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.ExtensionIdProvider;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;
import org.apache.pekko.management.javadsl.ManagementRouteProvider;
import org.apache.pekko.management.javadsl.ManagementRouteProviderSettings;

/**
 * {@code POST /changes} on a node, of different files: {@code history-node.conf} names it. Each
 * goes to its file, on whichever node that lives; the answer has a word for each, in their order.
 */
public final class ChangesRoute extends AllDirectives implements ManagementRouteProvider {

  /** The path. */
  static final String PATH = "changes";

  /** Of a change whose file did not answer: nobody knows whether it is stored. */
  static final String UNKNOWN = "UNKNOWN";

  /** How long a file is waited for. */
  static final Duration ANSWER = Duration.ofSeconds(3);

  private static final JsonMapper JSON =
      JsonMapper.builder().addModule(new JavaTimeModule()).build();
  private static final TypeReference<List<Change>> CHANGES = new TypeReference<>() {};
  private static final TypeReference<List<String>> WORDS = new TypeReference<>() {};

  private final ClusterSharding sharding;

  private ChangesRoute(ExtendedActorSystem system) {
    this.sharding = ClusterSharding.get(Adapter.toTyped(system));
  }

  /** The body of a request. */
  static String body(List<Change> changes) throws JsonProcessingException {
    return JSON.writeValueAsString(changes);
  }

  /** What an answer says, a word for each change. */
  static List<String> words(String answer) throws JsonProcessingException {
    return JSON.readValue(answer, WORDS);
  }

  @Override
  public Route routes(ManagementRouteProviderSettings settings) {
    return path(PATH, () -> post(() -> entity(Unmarshaller.entityToString(), this::store)));
  }

  private Route store(String body) {
    try {
      return onSuccess(
          store(JSON.readValue(body, CHANGES)),
          words -> {
            try {
              return complete(
                  HttpEntities.create(
                      ContentTypes.APPLICATION_JSON, JSON.writeValueAsString(words)));
            } catch (JsonProcessingException e) {
              return failWith(e);
            }
          });
    } catch (JsonProcessingException e) {
      return failWith(e);
    }
  }

  private CompletionStage<List<String>> store(List<Change> changes) {
    List<CompletableFuture<String>> words =
        changes.stream().map(change -> store(change).toCompletableFuture()).toList();
    return CompletableFuture.allOf(words.toArray(CompletableFuture<?>[]::new))
        .thenApply(all -> words.stream().map(CompletableFuture::join).toList());
  }

  private CompletionStage<String> store(Change change) {
    return sharding
        .entityRefFor(ShardedFile.TYPE, change.line().path())
        .<ShardedFile.Answer>ask(replyTo -> new ShardedFile.Store(change, replyTo), ANSWER)
        .handle((answer, error) -> error == null ? answer.word().name() : UNKNOWN);
  }

  /** What Pekko Management makes it by. */
  public static final class Id extends AbstractExtensionId<ChangesRoute>
      implements ExtensionIdProvider {

    @Override
    public ChangesRoute createExtension(ExtendedActorSystem system) {
      return new ChangesRoute(system);
    }

    @Override
    public Id lookup() {
      return this;
    }
  }
}
