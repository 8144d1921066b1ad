/** An error as S3 answers it. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly code: string;
  readonly statusCode: number;
  /** Members of the body between the message and the request id. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    code: string,
    {
      statusCode,
      message,
      details = {},
    }: { statusCode: number; message: string; details?: Readonly<Record<string, string>> },
  ) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
    this.details = details;
  }
}

/*
 * Codes, statuses and texts are those of
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, read 2026-11-24, where that page has them.
 */

export function noSuchBucket(bucket: string): S3Error {
  return new S3Error("NoSuchBucket", {
    statusCode: 404,
    message: "The specified bucket does not exist",
    details: { BucketName: bucket },
  });
}

export function noSuchKey(key: string): S3Error {
  return new S3Error("NoSuchKey", {
    statusCode: 404,
    message: "The specified key does not exist.",
    details: { Key: key },
  });
}

export function noSuchUpload(uploadId: string): S3Error {
  return new S3Error("NoSuchUpload", {
    statusCode: 404,
    message:
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    details: { UploadId: uploadId },
  });
}

/** 400 for a value that is not acceptable, with its name. */
export function invalidArgument(
  message: string,
  { name, value }: { name: string; value: string },
): S3Error {
  return new S3Error("InvalidArgument", {
    statusCode: 400,
    message,
    details: { ArgumentName: name, ArgumentValue: value },
  });
}

export function invalidRequest(message: string): S3Error {
  return new S3Error("InvalidRequest", { statusCode: 400, message });
}

export function malformedXml(): S3Error {
  return new S3Error("MalformedXML", {
    statusCode: 400,
    message:
      "The XML you provided was not well-formed or did not validate against our published schema",
  });
}

/** 412; `condition` is the header that did not hold. */
export function preconditionFailed(condition: string): S3Error {
  return new S3Error("PreconditionFailed", {
    statusCode: 412,
    message: "At least one of the pre-conditions you specified did not hold",
    details: { Condition: condition },
  });
}

/** 400 for a body that is not what its sender has said of it. */
export function badDigest(
  message: string,
  details: Readonly<Record<string, string>> = {},
): S3Error {
  return new S3Error("BadDigest", { statusCode: 400, message, details });
}

/** 403. */
export function accessDenied(
  message = "Access Denied",
  details: Readonly<Record<string, string>> = {},
): S3Error {
  return new S3Error("AccessDenied", { statusCode: 403, message, details });
}

export function methodNotAllowed(method: string, resourceType: string): S3Error {
  return new S3Error("MethodNotAllowed", {
    statusCode: 405,
    message: "The specified method is not allowed against this resource.",
    details: { Method: method, ResourceType: resourceType },
  });
}

/** 501 for what AWS has and the emulator has not. */
export function notImplemented(
  message: string,
  details: Readonly<Record<string, string>> = {},
): S3Error {
  return new S3Error("NotImplemented", { statusCode: 501, message, details });
}

/** 503; SDKs try again. */
export function slowDown(): S3Error {
  return new S3Error("SlowDown", { statusCode: 503, message: "Please reduce your request rate." });
}

/** 503 for a resource of the emulator itself that is used up, or while it stops. */
export function serviceUnavailable(message: string): S3Error {
  return new S3Error("ServiceUnavailable", { statusCode: 503, message });
}
