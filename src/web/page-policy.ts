// What a page of ours may load and who may frame it, as its headers say: everything from here,
// nothing else from anywhere, and in the page itself only what has one of these hashes.

import { hash } from 'node:crypto'

export type PagePolicy = {
  /** Texts of `<script>` and `<style>` in the page. */
  scripts?: readonly string[]
  styles?: readonly string[]
  /** Origins, or keywords as `'self'`. */
  frameAncestors: readonly string[]
  /** Whether it has a thread of its own. */
  hasWorker?: boolean
}

export function pageHeaders({ scripts = [], styles = [], frameAncestors, hasWorker }: PagePolicy) {
  const framed = frameAncestors.length === 0 ? ["'none'"] : frameAncestors
  const policy = [
    "default-src 'none'",
    `script-src ${["'self'", ...scripts.map(hashSource)].join(' ')}`,
    `style-src ${["'self'", ...styles.map(hashSource)].join(' ')}`,
    "connect-src 'self'",
    "img-src 'self'",
    ...(hasWorker ? ["worker-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${framed.join(' ')}`,
  ]
  return {
    'content-security-policy': policy.join('; '),
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  }
}

/** Of the script of a worker, which has a policy of its own. */
export const workerPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'"

function hashSource(text: string): string {
  return `'sha256-${hash('sha256', text, 'base64')}'`
}
