"""What a provider says when it does not answer: status, words, and its own names for them."""

# status: (OpenAI's type, OpenAI's code, Anthropic's type, words)
KINDS = {
    400: ("invalid_request_error", None, "invalid_request_error", "The request is not valid."),
    401: ("invalid_request_error", "invalid_api_key", "authentication_error", "Incorrect API key provided."),
    402: ("invalid_request_error", None, "billing_error", "There is a problem with the billing of this account."),
    403: ("invalid_request_error", "unsupported_country_region_territory", "permission_error", "This key may not use that resource."),
    404: ("invalid_request_error", "model_not_found", "not_found_error", "The model does not exist or you do not have access to it."),
    408: ("timeout", None, "timeout_error", "The request took too long to arrive."),
    409: ("conflict", None, "conflict_error", "Try again."),
    413: ("invalid_request_error", None, "request_too_large", "The request is too large."),
    429: ("requests", "rate_limit_exceeded", "rate_limit_error", "Rate limit reached."),
    500: ("server_error", None, "api_error", "The server had an error while processing your request."),
    503: ("server_error", None, "api_error", "The engine is currently overloaded."),
    504: ("server_error", None, "timeout_error", "The request timed out."),
    529: ("server_error", None, "overloaded_error", "Overloaded"),
}
QUOTA = ("insufficient_quota", "insufficient_quota", "billing_error", "You exceeded your current quota, please check your plan and billing details.")


class Refusal(Exception):
    """An error answer: `kind` is one of the statuses above, or "quota" (429 at OpenAI, 402 at Anthropic)."""

    def __init__(self, kind, message=None, param=None, type=None, code=None, headers=None):
        super().__init__(message)
        self.quota = kind == "quota"
        self.status = 429 if self.quota else int(kind)
        self.names = QUOTA if self.quota else KINDS.get(self.status, KINDS[500 if self.status >= 500 else 400])
        self.message, self.param, self.type, self.code, self.headers = message or self.names[3], param, type, code, headers or {}

    def openai(self, _request_id):
        """(status, body)"""
        return self.status, {"error": {"message": self.message, "type": self.type or self.names[0], "param": self.param,
                                       "code": self.code or self.names[1]}}

    def anthropic(self, request_id):
        return 402 if self.quota else self.status, {
            "type": "error", "error": {"type": self.type or self.names[2], "message": self.message}, "request_id": request_id}
