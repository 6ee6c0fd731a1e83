package dev.kintsugi.examples.bench.load;

import java.util.Set;
import org.apache.pekko.persistence.journal.Tagged;
import org.apache.pekko.persistence.journal.WriteEventAdapter;

/** Gives every event the same one tag. */
public final class Tagger implements WriteEventAdapter {

  /** That tag. */
  public static final String TAG = "load";

  private static final Set<String> TAGS = Set.of(TAG);

  @Override
  public String manifest(Object event) {
    return "";
  }

  @Override
  public Object toJournal(Object event) {
    return new Tagged(event, TAGS);
  }
}
