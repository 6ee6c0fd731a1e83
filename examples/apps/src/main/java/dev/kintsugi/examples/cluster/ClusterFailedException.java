package dev.kintsugi.examples.cluster;

/** The cluster did not get to where it should; the message is one line for people. */
public final class ClusterFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  public ClusterFailedException(String message) {
    super(message);
  }
}
