package dev.kintsugi.examples.cluster;

/** The cluster did not get to where it should; the message is one line for people. */
final class ClusterFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  ClusterFailedException(String message) {
    super(message);
  }
}
