package dev.kintsugi.runtime.internal.event;

import java.util.function.Supplier;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.Serializers;

/**
 * Objects to bytes and back by the serializers of an actor system, for all tables of Pekko
 * Persistence JDBC alike. Threads may share it.
 */
public final class PayloadSerialization {

  private final Serialization serialization;

  public PayloadSerialization(ActorSystem system) {
    this.serialization = SerializationExtension.get(system);
  }

  /**
   * Serializes an object by the serializer that is bound to its class.
   *
   * @throws RuntimeException if there is none, or it fails
   */
  public SerializedPayload serialize(Object object) {
    Serializer serializer = serialization.findSerializerFor(object);
    return new SerializedPayload(
        serializer.identifier(),
        Serializers.manifestFor(serializer, object),
        serialization.serialize(object).get());
  }

  /**
   * Deserializes an object.
   *
   * @param what what it is and where it is stored, for the error
   * @throws IllegalStateException if its class is gone, say; names what, serializer and manifest
   */
  public Object deserialize(SerializedPayload serialized, Supplier<String> what) {
    try {
      return serialization
          .deserialize(serialized.bytes(), serialized.serializerId(), serialized.manifest())
          .get();
    } catch (Exception e) {
      throw new IllegalStateException(
          "%s can't be deserialized: serializer %d, manifest '%s': %s"
              .formatted(what.get(), serialized.serializerId(), serialized.manifest(), e),
          e);
    }
  }
}
