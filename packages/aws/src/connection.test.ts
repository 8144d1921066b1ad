import { describe, expect, test } from "vitest";

import { connectionFromEnvironment } from "./connection.ts";

describe("connectionFromEnvironment", () => {
  test.each([
    [{ AWS_REGION: "eu-west-1" }, "https://lambda.eu-west-1.amazonaws.com/"],
    [{ AWS_DEFAULT_REGION: "us-west-2" }, "https://lambda.us-west-2.amazonaws.com/"],
    [{ AWS_REGION: "cn-north-1" }, "https://lambda.cn-north-1.amazonaws.com.cn/"],
    [
      { AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL: "http://127.0.0.1:4701" },
      "http://127.0.0.1:4701/",
    ],
    [{ AWS_ENDPOINT_URL: "http://a:1", AWS_ENDPOINT_URL_LAMBDA: "http://b:2" }, "http://b:2/"],
  ])("takes the endpoint from %j", (variables, endpoint) => {
    expect(connectionFromEnvironment("lambda", variables).endpoint.href).toBe(endpoint);
  });
});
