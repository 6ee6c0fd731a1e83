/** Whether the manifests in {@code config/kubernetes} are what Kubernetes takes. */
@NullMarked
package dev.kintsugi.examples.cluster.kubernetes;

import org.jspecify.annotations.NullMarked;
