// What a role without an API of its own tells Prometheus about its process.

import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

export function createRoleMetrics(isReady: () => boolean): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'firstcome_ready',
    help: '1 while this process does its work',
    registers: [registry],
    collect() {
      this.set(isReady() ? 1 : 0)
    },
  })
  return registry
}
