/** What a verification found: a read model held against its journal. */
@NullMarked
package dev.kintsugi.runtime.verify;

import org.jspecify.annotations.NullMarked;
