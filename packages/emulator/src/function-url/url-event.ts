import { type HttpRequest, payloadEvent } from "../http-api/event.ts";
import { ACCOUNT_ID } from "../lambda/names.ts";

/** A function URL on AWS has no other protocol than HTTPS, and tells its version; here it is plain HTTP. */
const TLS_HEADERS = {
  "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256",
  "x-amzn-tls-version": "TLSv1.3",
};

/**
 * The event that a function URL passes to its function: payload format 2.0, as the bytes of its JSON.
 *
 * The domain is the host that the caller named, port and all, so that a function can make an address of its own of it.
 *
 * @param accessKeyId - Of a signed request to a URL that asks for one; without it the caller is anonymous.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads, read 2026-11-24.
 */
export function urlEvent(
  request: HttpRequest,
  { id, accessKeyId }: { id: string; accessKeyId?: string | undefined },
): Buffer {
  return payloadEvent(request, (host) => ({
    accountId: accessKeyId === undefined ? "anonymous" : ACCOUNT_ID,
    apiId: id,
    domainName: host,
    domainPrefix: id,
    authorizer: accessKeyId === undefined ? undefined : { iam: identityOf(accessKeyId) },
    headers: TLS_HEADERS,
    tellsEmptyLength: false,
    decodesPath: false,
  }));
}

/** The emulator has one user, the root of its account. */
function identityOf(accessKeyId: string): Record<string, unknown> {
  return {
    accessKey: accessKeyId,
    accountId: ACCOUNT_ID,
    callerId: ACCOUNT_ID,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: `arn:aws:iam::${ACCOUNT_ID}:root`,
    userId: ACCOUNT_ID,
  };
}
