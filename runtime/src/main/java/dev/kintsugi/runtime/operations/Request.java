package dev.kintsugi.runtime.operations;

/**
 * Who asks for a change, and why; both are kept.
 *
 * @param reason for people; a discard needs one
 */
public record Request(String requestedBy, String reason) {

  boolean hasReason() {
    return !reason.isBlank();
  }
}
