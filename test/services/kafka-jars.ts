// Fetches Apache Kafka's jars once per machine into a cache outside the repository. Several
// processes may do it at once: each fills a directory of its own, and one of them is renamed.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { installPackages } from './server-process.ts'

const pomPath = join(import.meta.dirname, 'kafka', 'pom.xml')
/** Some 45 files, 43 MB; a slow line is given time. */
const fetchMsMax = 300_000

/** The directory that holds them. Throws where they cannot be had, saying what is missing. */
export function kafkaJars(): string {
  needProgram('java', 'openjdk-17-jre-headless')
  const directory = join(cacheDirectory(), `kafka-${kafkaVersion()}`)
  if (existsSync(directory)) return directory
  needProgram('mvn', 'maven')
  const filling = `${directory}.${process.pid}`
  mkdirSync(filling, { recursive: true })
  try {
    fetchInto(filling)
    renameSync(filling, directory)
  } catch (error) {
    // Another process was faster: its jars are the same.
    if (!existsSync(directory)) throw error
  } finally {
    rmSync(filling, { recursive: true, force: true })
  }
  return directory
}

function kafkaVersion(): string {
  const version = /<version>(\d+\.\d+\.\d+)<\/version>/.exec(readFileSync(pomPath, 'utf8'))?.[1]
  if (version === undefined) throw new Error(`${pomPath} names no version of Kafka`)
  return version
}

export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'firstcome')
}

function fetchInto(directory: string): void {
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${directory}`]
  const args = ['-q', '-B', '-f', pomPath, ...goal]
  const run = spawnSync('mvn', args, { encoding: 'utf8', timeout: fetchMsMax })
  if (run.status !== 0) throw new Error(`Kafka's jars cannot be fetched: ${run.stdout.trim()}`)
}

function needProgram(program: string, debianPackage: string): void {
  if (isInstalled(program)) return
  if (installPackages([debianPackage]) && isInstalled(program)) return
  throw new Error(`${program} is not installed (on Debian: apt install ${debianPackage})`)
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['-version'], { stdio: 'ignore' }).status === 0
}
