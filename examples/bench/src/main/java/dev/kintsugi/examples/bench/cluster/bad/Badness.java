package dev.kintsugi.examples.bench.cluster.bad;

/** What can be wrong with a request. */
enum Badness {
  WRONG_METHOD("method that is not for the path", 6, Lines::wrongMethod),
  UNKNOWN_METHOD("method that nobody knows, as BREW", 4, Lines::unknownMethod),
  MALFORMED_LINE("malformed request line, other version", 6, Lines::malformedLine),
  HUGE_TARGET("URI of more than 2 KiB", 3, Lines::hugeTarget),
  UNKNOWN_PATH("path where nothing is", 6, Targets::unknownPath),
  MALFORMED_PATH("malformed percent-encoding, NUL in path", 6, Targets::malformedPath),
  MALFORMED_QUERY("the same in the query", 4, Targets::malformedQuery),
  WRONG_QUERY("parameter unknown, twice, out of range", 6, Targets::wrongQuery),
  UNKNOWN_PROJECTION("projection that is not there", 4, Targets::unknownProjection),
  BAD_ID("id that is none, or nobody's", 4, Targets::badId),
  HUGE_HEADERS("header too large, too many of them", 3, Heads::huge),
  IDEMPOTENCY_KEY("malformed Idempotency-Key", 4, Heads::idempotencyKey),
  IF_MATCH("malformed If-Match", 3, Heads::ifMatch),
  OTHER_SITE("Origin malformed or of another site", 4, Heads::otherSite),
  MALFORMED_HEADER("malformed header, Host or Expect", 4, Heads::malformed),
  CONTENT_TYPE("Content-Type other than JSON's, twice", 4, Heads::contentType),
  MALFORMED_JSON("malformed JSON", 7, Documents::malformed),
  WRONG_TYPE("JSON of wrong types", 7, Documents::wrongType),
  UNKNOWN_FIELD("JSON with an unknown field", 3, Documents::unknownField),
  DUPLICATE_KEY("JSON with a key twice", 2, Documents::duplicateKey),
  DEEP("JSON too deeply nested", 2, Documents::deep),
  NUMBER("JSON with an absurd number", 4, Documents::number),
  TEXT("text blank, too long, with NUL, half a surrogate", 4, Documents::text),
  ENCODING("body in gzip, UTF-16, malformed UTF-8", 5, Contents::encoding),
  HUGE("body of more than 64 KiB, also chunked", 3, Contents::huge),
  FRAMING("body of another length than is said", 4, Contents::framing),
  CUT_OFF("body that ends too early", 2, Contents::cutOff),
  SLOW("body that does not come", 0, Contents::slow);

  private interface Maker {
    Request make(Pick pick, Scene scene);
  }

  private final String what;
  private final int share;

  // Method references, which hold nothing.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Maker maker;

  Badness(String what, int share, Maker maker) {
    this.what = what;
    this.share = share;
    this.maker = maker;
  }

  /** How often it comes, beside the others. */
  int share() {
    return share;
  }

  /**
   * Whether the server may hang up instead of an answer. Where a body breaks off, nobody can say
   * where the next request begins; Pekko HTTP closes the connection, and at times is faster than
   * the answer.
   */
  boolean mayHangUp() {
    return this == FRAMING || this == CUT_OFF;
  }

  /**
   * A request with which this is wrong, and nothing else, unless it has an older HTTP's version.
   */
  Request request(Pick pick, Scene scene) {
    return maker.make(pick, scene);
  }

  @Override
  public String toString() {
    return what;
  }
}
