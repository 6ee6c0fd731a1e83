package dev.kintsugi.examples.bench.load;

import java.io.NotSerializableException;
import java.nio.charset.StandardCharsets;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/** Writes an event's text and nothing else: what is measured is the journal, no serializer. */
public final class LoadEventSerializer extends SerializerWithStringManifest {

  private static final int IDENTIFIER = 740_001;
  private static final String MANIFEST = "load";

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object event) {
    return MANIFEST;
  }

  @Override
  public byte[] toBinary(Object event) {
    return ((LoadEvent) event).text().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    if (!manifest.equals(MANIFEST)) {
      throw new NotSerializableException("expected manifest " + MANIFEST + ", found " + manifest);
    }
    return new LoadEvent(new String(bytes, StandardCharsets.UTF_8));
  }
}
