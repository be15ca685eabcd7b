// nginx and haproxy in front of a sequencer, with their default limits of streams on a connection.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const START_MS = 20_000;

// Debian installs both outside a user's path.
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };

/** Configuration and command line of each proxy, by name. */
const proxies = {
  nginx: {
    // grpc_pass takes a connection for each stream.
    config: (port, upstreamPort, directory) => `
      daemon off;
      pid ${directory}/nginx.pid;
      error_log ${directory}/error.log;
      events { worker_connections 4096; }
      http {
        access_log off;
        ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
          .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
          .join(" ")}
        server {
          listen 127.0.0.1:${port} http2;
          location / { grpc_pass grpc://127.0.0.1:${upstreamPort}; }
        }
      }`,
    command: (file, directory) => ["nginx", "-e", `${directory}/error.log`, "-c", file],
  },
  haproxy: {
    config: (port, upstreamPort) => `
defaults
  mode http
  timeout connect 5s
  timeout client 2m
  timeout server 2m
frontend front
  bind 127.0.0.1:${port} proto h2
  default_backend sequencer
backend sequencer
  server sequencer 127.0.0.1:${upstreamPort} proto h2
`,
    command: (file) => ["haproxy", "-db", "-f", file],
  },
};

/** Names of the proxies. */
export const names = Object.keys(proxies);

/** Installs what is missing, as root or with a sudo that asks for no password. */
export function install() {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const apt = (...args) => {
    const command = [...(process.getuid?.() === 0 ? [] : ["sudo", "-n"]), ...args];
    execFileSync(command[0], command.slice(1), {
      stdio: ["ignore", 2, 2],
      env: { ...env, DEBIAN_FRONTEND: "noninteractive" },
    });
  };
  apt("apt-get", "update", "-qq");
  apt("apt-get", "install", "-qq", "-y", "--no-install-recommends", ...missing);
  for (const name of missing) {
    // The packages start a service where there is an init system. Without one, this fails.
    try {
      apt("service", name, "stop");
    } catch {}
    if (!isInstalled(name)) throw new Error(`${name} is not installed`);
  }
}

function isInstalled(name) {
  try {
    execFileSync(name, ["-v"], { stdio: "ignore", env });
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts a proxy on a loopback port.
 *
 * @param {string} name
 * @param {string} upstreamUrl
 * @returns {Promise<{ url: string, version: string, stop: () => Promise<void> }>}
 */
export async function start(name, upstreamUrl) {
  const proxy = proxies[name];
  const directory = mkdtempSync(join(tmpdir(), `code-intents-${name}-`));
  const port = await freePort();
  const file = join(directory, "proxy.conf");
  writeFileSync(file, proxy.config(port, new URL(upstreamUrl).port, directory));
  // The shell outlives this process, even if that is killed: the end of its input ends the proxy.
  const script =
    '"$@" & pid=$!; cat >/dev/null; exec 2>/dev/null; kill "$pid"; wait "$pid"; rm -rf "$directory"';
  const child = spawn("sh", ["-c", script, "sh", ...proxy.command(file, directory)], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
    env: { ...env, directory },
  });
  const stop = async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await listening(port, name);
  } catch (error) {
    await stop();
    throw error;
  }
  const version = execFileSync("sh", ["-c", '"$0" -v 2>&1 | head -1', name], {
    encoding: "utf8",
    env,
  }).trim();
  return { url: `http://127.0.0.1:${port}`, version, stop };
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function listening(port, name) {
  const end = performance.now() + START_MS;
  for (;;) {
    const socket = net.connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch {
      if (performance.now() > end) throw new Error(`${name} did not listen within ${START_MS} ms`);
      await pause(50);
    } finally {
      socket.destroy();
    }
  }
}
