package dev.kintsugi.projections.fold;

/** A state between two events, as the database would give it back. */
sealed interface Kept<S> {

  /** How many bytes its text has in memory; none for an object, which only a sample can tell. */
  long bytes();

  /** A faithful state, which is what would be read back. */
  record AsObject<S>(S state) implements Kept<S> {
    @Override
    public long bytes() {
      return 0;
    }
  }

  /** Any other: each event evolves a state that is read anew. */
  record AsJson<S>(String json) implements Kept<S> {
    @Override
    public long bytes() {
      return 2L * json.length();
    }
  }
}
