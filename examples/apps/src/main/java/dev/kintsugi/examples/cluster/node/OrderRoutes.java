package dev.kintsugi.examples.cluster.node;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kintsugi.examples.cluster.orders.Order;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.Location;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;
import org.apache.pekko.japi.function.Function;

/**
 * The HTTP API. Commands go to the order, on whichever node it lives; queries read the read models,
 * which hold a command's outcome as soon as it is answered, unless they are being rebuilt.
 *
 * <p>503 says that nobody knows what became of a command: its order did not answer in time, and may
 * have stored it.
 */
final class OrderRoutes extends AllDirectives {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final ClusterSharding sharding;
  private final ReadModels readModels;
  private final Duration askTimeout;

  OrderRoutes(ClusterSharding sharding, ReadModels readModels, Duration askTimeout) {
    this.sharding = sharding;
    this.readModels = readModels;
    this.askTimeout = askTimeout;
  }

  Route routes() {
    return concat(
        pathPrefix(
            "orders",
            () ->
                concat(
                    pathEnd(() -> post(() -> entity(Unmarshaller.entityToString(), this::place))),
                    path(segment(), id -> get(() -> found(readModels.order(id)))),
                    path(
                        segment().slash("pay"),
                        id -> post(() -> command(id, StatusCodes.OK, Order.Pay::new))),
                    path(
                        segment().slash("cancel"),
                        id -> post(() -> command(id, StatusCodes.OK, Order.Cancel::new))))),
        path(
            segment("customers").slash(segment()),
            customer -> get(() -> found(readModels.customer(customer)))));
  }

  private Route place(String body) {
    NewOrder order;
    try {
      order = JSON.readValue(body, NewOrder.class);
    } catch (JsonProcessingException e) {
      return complete(json(StatusCodes.BAD_REQUEST, Map.of("error", why(e))));
    }
    return command(
        UUID.randomUUID().toString(),
        StatusCodes.CREATED,
        replyTo -> new Order.Place(order.customer(), order.lines(), replyTo));
  }

  /** What a constructor found fault with is clearer than where Jackson called it. */
  private static String why(JsonProcessingException e) {
    return e.getCause() instanceof IllegalArgumentException cause
        ? String.valueOf(cause.getMessage())
        : e.getOriginalMessage();
  }

  private Route command(
      String id, StatusCode done, Function<ActorRef<Order.Answer>, Order.Command> command) {
    CompletionStage<HttpResponse> response =
        sharding
            .entityRefFor(Order.TYPE, id)
            .ask(command, askTimeout)
            .handle((answer, error) -> error == null ? answered(id, done, answer) : unknown(error));
    return completeWithFuture(response);
  }

  private static HttpResponse answered(String id, StatusCode done, Order.Answer answer) {
    if (answer instanceof Order.Stored stored) {
      return json(done, Map.of("id", id, "status", stored.status()))
          .addHeader(Location.create("/orders/" + id));
    }
    return answer instanceof Order.Refused refused
        ? json(StatusCodes.CONFLICT, Map.of("error", refused.why()))
        : notFound();
  }

  private static HttpResponse unknown(Throwable error) {
    return json(
        StatusCodes.SERVICE_UNAVAILABLE,
        Map.of("error", "it is not known whether this is stored: " + error.getMessage()));
  }

  private Route found(CompletionStage<Optional<String>> document) {
    return completeWithFuture(
        document.thenApply(
            found ->
                found.map(text -> json(StatusCodes.OK, text)).orElseGet(OrderRoutes::notFound)));
  }

  private static HttpResponse notFound() {
    return json(StatusCodes.NOT_FOUND, Map.of("error", "there is none"));
  }

  private static HttpResponse json(StatusCode status, Map<String, ?> body) {
    try {
      return json(status, JSON.writeValueAsString(body));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HttpResponse json(StatusCode status, String body) {
    return HttpResponse.create().withStatus(status).withEntity(ContentTypes.APPLICATION_JSON, body);
  }
}
