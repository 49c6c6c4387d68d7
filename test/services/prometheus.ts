// A Prometheus of Debian's package with a directory and a port of its own, and its promtool, which
// checks rules and tries them on made-up series.

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, installPackages, startServerProcess, waitFor } from './server-process.ts'

export type Prometheus = {
  /** What the HTTP API answers, `path` behind `/api/v1/`. Throws what it refuses. */
  ask(path: string, query?: Readonly<Record<string, string>>): Promise<unknown>
  remove(): Promise<void>
}

/** Why it is not here and cannot be installed, to skip by; under CI that is a failure. */
export function whyNoPrometheus(): string | false {
  const found = () => spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0
  if (found() || (installPackages(['prometheus']) && found())) return false
  const reason = 'needs prometheus, which is not installed and cannot be: run it as root'
  if (process.env.CI === 'true') throw new Error(reason)
  return reason
}

/** Its own description of what is wrong, or '' where nothing is. */
export function promtool(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { encoding: 'utf8' })
  if (error) throw error
  return status === 0 ? '' : stdout + stderr
}

/** `config`: its settings, as an object that is their JSON. `rules`: the text of a rules file. */
export async function startPrometheus(config: object, rules: string): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-prometheus-'))
  const address = `127.0.0.1:${await freePort()}`
  await writeFile(join(directory, 'rules.yml'), rules)
  const settings = { ...config, rule_files: ['rules.yml'] }
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(settings))
  const server = startServerProcess({
    name: 'prometheus',
    file: 'prometheus',
    args: [
      '--config.file=prometheus.yml',
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    directory,
  })
  await waitFor('Prometheus', async () => {
    if (!server.isRunning()) throw new Error(`Prometheus has ended:\n${server.output()}`)
    const answer = await fetch(`http://${address}/-/ready`).catch(() => null)
    return answer?.ok === true
  })
  return {
    async ask(path, query = {}) {
      const url = `http://${address}/api/v1/${path}?${new URLSearchParams(query).toString()}`
      const body = (await (await fetch(url)).json()) as { data?: unknown; error?: string }
      if (body.error !== undefined) throw new Error(`${body.error}: ${JSON.stringify(query)}`)
      return body.data
    },
    async remove() {
      await server.end('SIGKILL')
      await rm(directory, { recursive: true, force: true })
    },
  }
}
