import http from "node:http";
import https from "node:https";

import { sign } from "aws4";

/** Where calls go and who signs them, as the SDKs read it from the environment. */
export interface Connection {
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string | undefined;
    readonly secretAccessKey: string | undefined;
    readonly sessionToken: string | undefined;
  };
}

/** A call of an AWS service's REST API. */
export interface SignedCall {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Time until the whole answer must be there, milliseconds. */
  readonly timeoutMs: number;
}

/** What the service answered. */
export interface ServiceAnswer {
  readonly statusCode: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A route environment carries one request; hedging will need a second connection. */
const SOCKETS_MAX = 4;
const AGENT_OPTIONS: http.AgentOptions = { keepAlive: true, maxSockets: SOCKETS_MAX };
const HTTP_AGENT = new http.Agent(AGENT_OPTIONS);
const HTTPS_AGENT = new https.Agent(AGENT_OPTIONS);

/** China's regions have a domain of their own: https://docs.aws.amazon.com/general/latest/gr/lambda-service.html */
function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/**
 * Reads endpoint, region and credentials from the variables that Lambda sets.
 *
 * @param service - As in the endpoint's name: `lambda`.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html for the endpoint's variables.
 */
export function connectionFromEnvironment(
  service: string,
  variables: NodeJS.ProcessEnv,
): Connection {
  const region = variables["AWS_REGION"] ?? variables["AWS_DEFAULT_REGION"] ?? "us-east-1";
  const override =
    variables[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? variables["AWS_ENDPOINT_URL"];
  return {
    endpoint: new URL(override ?? `https://${service}.${region}.${domainOf(region)}`),
    region,
    credentials: {
      accessKeyId: variables["AWS_ACCESS_KEY_ID"],
      secretAccessKey: variables["AWS_SECRET_ACCESS_KEY"],
      sessionToken: variables["AWS_SESSION_TOKEN"],
    },
  };
}

/**
 * Signs and sends one call over a kept connection.
 *
 * A kept connection that the other side closed meanwhile is replaced, once: no byte of an answer had come.
 *
 * @throws Error of the network; one that is named AbortError or TimeoutError when the time is over.
 */
export async function send(connection: Connection, call: SignedCall): Promise<ServiceAnswer> {
  try {
    return await attempt(connection, call);
  } catch (error) {
    if (!isStaleConnection(error)) throw error;
    return await attempt(connection, call);
  }
}

const STALE = Symbol("stale connection");

function isStaleConnection(error: unknown): boolean {
  return typeof error === "object" && error !== null && STALE in error;
}

function attempt(connection: Connection, call: SignedCall): Promise<ServiceAnswer> {
  const { endpoint, region, credentials } = connection;
  const signed = sign(
    {
      service: call.service,
      region,
      host: endpoint.host,
      method: call.method,
      path: call.path,
      headers: { ...call.headers, "Content-Length": call.body.length },
      body: call.body as unknown as string,
    },
    credentials as Parameters<typeof sign>[1],
  );
  const isTls = endpoint.protocol === "https:";
  return new Promise((settle, fail) => {
    const request = (isTls ? https : http).request({
      agent: isTls ? HTTPS_AGENT : HTTP_AGENT,
      hostname: endpoint.hostname,
      port: endpoint.port,
      method: call.method,
      path: call.path,
      headers: signed.headers as http.OutgoingHttpHeaders,
      signal: AbortSignal.timeout(call.timeoutMs),
    });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        const body =
          chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
        settle({ statusCode: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && error.code === "ECONNRESET";
      fail(isStale ? Object.assign(error, { [STALE]: true }) : error);
    });
    request.end(call.body);
  });
}
