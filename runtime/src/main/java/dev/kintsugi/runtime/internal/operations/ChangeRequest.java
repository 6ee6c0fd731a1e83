package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.projections.internal.text.StorableText;

/**
 * Who asks for a change, and why; both are kept, for people to read: so a character that can't be
 * stored is replaced, and the change is made all the same.
 *
 * @param reason for people; a discard needs one
 */
public record ChangeRequest(String requestedBy, String reason) {

  public ChangeRequest {
    requestedBy = StorableText.repaired(requestedBy);
    reason = StorableText.repaired(reason);
  }

  boolean hasReason() {
    return !reason.isBlank();
  }
}
