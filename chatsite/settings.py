"""Django's settings.

Operators configure the server with environment variables: see docs/configuration.md.
"""

from dataclasses import fields, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from corsheaders.defaults import default_headers

from chatsite import development, environment
from chatsite.cognitive_settings import (  # noqa: F401 - these are settings, too
    CHATSITE_COGNITIVE_AZURE_LANGUAGE_KEY,
    CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL,
    CHATSITE_COGNITIVE_AZURE_SPEECH_KEY,
    CHATSITE_COGNITIVE_AZURE_SPEECH_URL,
    CHATSITE_COGNITIVE_AZURE_TRANSLATOR_KEY,
    CHATSITE_COGNITIVE_AZURE_TRANSLATOR_REGION,
    CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL,
    CHATSITE_COGNITIVE_LANGUAGES,
    CHATSITE_COGNITIVE_LIBRETRANSLATE_KEY,
    CHATSITE_COGNITIVE_LIBRETRANSLATE_URL,
    CHATSITE_COGNITIVE_MODELS,
    CHATSITE_COGNITIVE_REQUESTS,
    CHATSITE_COGNITIVE_STREAMS,
    COGNITIVE_ENGINES,
    COGNITIVE_PROVIDERS,
)
from chatsite.databases import database
from chatsite.logs import LOGGING  # noqa: F401 - this is a setting, too
from chatsite.private_files import read_or_create_secret
from wire.limits import PROFILES, Limits

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Environment and addresses --------------------------------------------------------------------

CHATSITE_ENV = environment.choice("CHATSITE_ENV", ["development", "production"], "development")
PRODUCTION = CHATSITE_ENV == "production"

# In production with PostgreSQL the folder may be read-only.
_ONLY_READS_DATA = PRODUCTION and bool(environment.given("DATABASE_URL"))
CHATSITE_DATA = environment.folder(
    "CHATSITE_DATA", BASE_DIR / "var", is_written=not _ONLY_READS_DATA
)
CHATSITE_HOST = environment.text("CHATSITE_HOST", "127.0.0.1")
CHATSITE_PORT = environment.port("CHATSITE_PORT", 8000)
CHATSITE_TLS_PORT = environment.port("CHATSITE_TLS_PORT", 8443)
CHATSITE_TLS_CERT = environment.optional_path("CHATSITE_TLS_CERT")
CHATSITE_TLS_KEY = environment.optional_path("CHATSITE_TLS_KEY")
CHATSITE_PUBLIC_URL = environment.url(
    "CHATSITE_PUBLIC_URL", ["https", "http"], f"https://localhost:{CHATSITE_TLS_PORT}/"
)
CHATSITE_TRUST_PROXY = environment.flag("CHATSITE_TRUST_PROXY")

# Never on: the debug pages show settings to everyone, and every SQL statement is kept in memory.
DEBUG = False

# --- Secrets --------------------------------------------------------------------------------------

SECRET_KEY = environment.text("CHATSITE_SECRET_KEY") or read_or_create_secret(
    CHATSITE_DATA / "secret_key"
)
# The primary access key and the id of the default resource; random if empty.
CHATSITE_ACCESS_KEY = environment.text(
    "CHATSITE_ACCESS_KEY", "" if PRODUCTION else development.ACCESS_KEY
)
CHATSITE_RESOURCE_ID = "" if PRODUCTION else development.RESOURCE_ID
CHATSITE_SERVICE_TOKENS = environment.names("CHATSITE_SERVICE_TOKENS")
CHATSITE_OIDC_ISSUER = environment.text("CHATSITE_OIDC_ISSUER")
CHATSITE_OIDC_AUDIENCE = environment.text("CHATSITE_OIDC_AUDIENCE")
CHATSITE_OIDC_JWKS_URL = environment.url("CHATSITE_OIDC_JWKS_URL", ["https", "http"])

# --- Hosts and CORS -------------------------------------------------------------------------------

_PUBLIC = urlsplit(CHATSITE_PUBLIC_URL)
_LOOPBACK = ["localhost", ".localhost", "127.0.0.1", "[::1]"]
CHATSITE_ALLOWED_HOSTS = environment.names("CHATSITE_ALLOWED_HOSTS")
ALLOWED_HOSTS = [
    str(_PUBLIC.hostname),
    *CHATSITE_ALLOWED_HOSTS,
    *([] if PRODUCTION else [*_LOOPBACK, f"[{CHATSITE_HOST}]", CHATSITE_HOST]),
]
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"]

CORS_ALLOW_ALL_ORIGINS = True
CORS_PREFLIGHT_MAX_AGE = 3600
CORS_ALLOW_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = [
    *default_headers,
    "last-event-id",
    "repeatability-first-sent",
    "repeatability-request-id",
    "ocp-apim-resourceid",
    "ocp-apim-subscription-key",
    "ocp-apim-subscription-region",
    "traceparent",
    "tracestate",
    "x-clienttraceid",
    "x-ms-client-request-id",
    "x-ms-content-sha256",
    "x-ms-date",
    "x-ms-return-client-request-id",
    "x-ms-useragent",
    "x-skypetoken",
]
CORS_EXPOSE_HEADERS = [
    "api-supported-versions",
    "apim-request-id",
    "etag",
    "location",
    "ms-cv",
    "retry-after",
    "www-authenticate",
    "x-metered-usage",
    "x-ms-request-id",
    "x-mt-system",
    "x-processing-time",
    "x-requestid",
    "x-trouter-skypetoken-deprecated",
]

# --- Rooms and request handling -------------------------------------------------------------------

INSTALLED_APPS = [
    "chatsite",
    "chatsite.pages",
    "monitoring",
    "cognitive",
    "live",
    "people",
    "messaging",
    "threads",
    "webhooks",
    "events",
    "background",
    "identity",
    "admin_toolkit",
    "channels",
    "rest_framework",
    "corsheaders",
    "chatsite.admin_on_demand.AdminOnDemandConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    # Answers /healthz, /readyz and /metrics before host name and HTTPS are checked.
    "monitoring.middleware.Probes",
    "chatsite.middleware.ApiCors",
    "monitoring.middleware.ObserveRequests",
    # Answers API routes itself; the following middleware runs for browser pages only.
    "chatsite.middleware.ApiRoutes",
    "chatsite.middleware.ContentSecurityPolicy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# The properties of paths (`wire.routes`). The first route that matches is used.
ROUTES = [
    "identity.routes.ROUTES",
    # Before `threads.routes`, because `{id}:translate` is not a message id.
    "cognitive.routes.ROUTES",
    "messaging.routes.ROUTES",
    "threads.routes.ROUTES",
    "people.routes.ROUTES",
    "live.routes.ROUTES",
    "azure_management.routes.ROUTES",
]
# Hot operations that are answered in front of Django (`wire.short_path`).
CHATSITE_SHORT_PATH = environment.flag("CHATSITE_SHORT_PATH", True)
ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"
LOGIN_URL = "admin:login"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}

# --- Storage --------------------------------------------------------------------------------------

CHATSITE_SQLITE_SYNC = environment.choice("CHATSITE_SQLITE_SYNC", ["normal", "full"], "full")
DATABASES = {
    "default": database(environment.text("DATABASE_URL"), CHATSITE_DATA, CHATSITE_SQLITE_SYNC)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.url("REDIS_URL", ["redis", "rediss", "unix"])
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
    if REDIS_URL
    # A large capacity, because a full in-memory channel drops messages silently.
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 10_000}}
}

# --- Limits ---------------------------------------------------------------------------------------

CHATSITE_LIMITS = environment.choice("CHATSITE_LIMITS", sorted(PROFILES), "acs")
_OWN_LIMITS = {
    field.name: environment.number(
        f"CHATSITE_LIMIT_{field.name.upper()}",
        getattr(PROFILES[CHATSITE_LIMITS], field.name),
        least=1,
    )
    for field in fields(Limits)
}
# Single limits can be changed only in the profile `open`: `acs` matches the real service.
LIMITS = replace(PROFILES["open"], **_OWN_LIMITS) if CHATSITE_LIMITS == "open" else PROFILES["acs"]

# Django's limit for request bodies, which also applies to pages.
DATA_UPLOAD_MAX_MEMORY_SIZE = LIMITS.request_bytes

# --- Handlers of events ---------------------------------------------------------------------------
# Dotted paths, in the order of execution. chatsite.checks imports each of them.

EVENT_RECORDERS = [
    "messaging.recorders.record_system_messages",
    "cognitive.recorders.forget_results",
]
EVENT_SINKS = ["live.notifier.notify_hubs", "webhooks.sink.wake"]
EVENT_AUDIENCE = "threads.audience.audiences"
# Additional members of threads in lists, by the value of the query parameter `include`.
THREAD_DETAILS = {
    "lastMessage": "messaging.details.last_message",
    "participantCount": "threads.details.participant_count",
    "readPosition": "messaging.details.read_position",
    "unreadCount": "messaging.details.unread_count",
}
IDENTITY_DELETED_HANDLERS = ["threads.services.remove_from_all_threads"]

# --- Webhooks and background work -----------------------------------------------------------------

# Whether `manage.py serve` includes a background worker; otherwise run `manage.py worker`.
CHATSITE_EMBEDDED_WORKER = environment.flag("CHATSITE_EMBEDDED_WORKER", True)
CHATSITE_WEBHOOK_NETWORKS = environment.networks(
    "CHATSITE_WEBHOOK_NETWORKS", () if PRODUCTION else ("127.0.0.0/8", "::1/128")
)
CHATSITE_WEBHOOK_HTTP = environment.flag("CHATSITE_WEBHOOK_HTTP")
CHATSITE_WEBHOOK_CA = environment.optional_path("CHATSITE_WEBHOOK_CA")
CHATSITE_WEBHOOK_ORIGIN = environment.text("CHATSITE_WEBHOOK_ORIGIN", "eventgrid.azure.net")
CHATSITE_DEAD_LETTER_FOLDER = environment.optional_path("CHATSITE_DEAD_LETTER_FOLDER")
CHATSITE_EVENT_LOG_DAYS = environment.number("CHATSITE_EVENT_LOG_DAYS", 7, least=1)
CHATSITE_DELIVERED_DAYS = environment.number("CHATSITE_DELIVERED_DAYS", 1)
CHATSITE_DEAD_LETTER_DAYS = environment.number("CHATSITE_DEAD_LETTER_DAYS", 30, least=1)
# Functions that delete or expire old rows a slice at a time, and their intervals in milliseconds.
SWEEPS = {
    "webhooks.queue.expire_undeliverable": 15_000,
    "events.sweeps.prune_event_log": 60_000,
    "webhooks.sweeps.prune_delivered": 60_000,
    "webhooks.sweeps.prune_dead_letters": 60_000,
    "webhooks.sweeps.delete_expired_subscriptions": 600_000,
    "background.sweeps.forget_workers": 600_000,
    "threads.sweeps.delete_threads_past_retention": 300_000,
    "threads.sweeps.end_memberships_of_deleted_users": 300_000,
    "threads.sweeps.forget_repeatable_requests": 300_000,
    "messaging.sweeps.forget_repeatable_sends": 300_000,
    "cognitive.sweeps.forget_old_results": 300_000,
    "monitoring.sweeps.prune_minute_samples": 300_000,
    "monitoring.sweeps.prune_hour_samples": 300_000,
    "monitoring.sweeps.prune_day_samples": 300_000,
    "monitoring.sweeps.prune_request_log": 300_000,
    "monitoring.sweeps.prune_alerts": 300_000,
    "monitoring.sweeps.forget_processes": 300_000,
}
# The classes that make up a worker (see `background.parts`): dotted paths.
WORKER_PARTS = ["webhooks.worker_part.WebhooksPart", "monitoring.leader.Leader"]

# --- Monitoring -----------------------------------------------------------------------------------

# The receivers of metrics (`wire.telemetry`): dotted paths.
METRIC_SINKS = ["monitoring.collector.record"]
# Where requests are logged: in the database, as JSON lines on stdout, both (`all`) or `off`.
CHATSITE_REQUEST_LOG = environment.choice(
    "CHATSITE_REQUEST_LOG",
    ["off", "database", "stdout", "all"],
    "off" if PRODUCTION else "database",
)
CHATSITE_REQUEST_LOG_DAYS = environment.number("CHATSITE_REQUEST_LOG_DAYS", 30, least=1)
CHATSITE_METRICS_TOKEN = environment.text("CHATSITE_METRICS_TOKEN")
CHATSITE_METRICS_MINUTE_DAYS = environment.number("CHATSITE_METRICS_MINUTE_DAYS", 14, least=2)
CHATSITE_METRICS_HOUR_DAYS = environment.number("CHATSITE_METRICS_HOUR_DAYS", 93, least=7)
CHATSITE_METRICS_DAY_DAYS = environment.number("CHATSITE_METRICS_DAY_DAYS", 730, least=31)
CHATSITE_ALERT_HISTORY_DAYS = environment.number("CHATSITE_ALERT_HISTORY_DAYS", 365, least=1)

# --- E-mail ---------------------------------------------------------------------------------------

CHATSITE_EMAIL_URL = environment.url("CHATSITE_EMAIL_URL", ["smtp", "smtps", "smtp+starttls"])
EMAIL_BACKEND = (
    f"django.core.mail.backends.{'smtp' if CHATSITE_EMAIL_URL else 'dummy'}.EmailBackend"
)
_MAIL = urlsplit(CHATSITE_EMAIL_URL)
EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.scheme == "smtps", _MAIL.scheme == "smtp+starttls"
EMAIL_HOST = _MAIL.hostname or ""
EMAIL_PORT = _MAIL.port or {"smtps": 465, "smtp+starttls": 587}.get(_MAIL.scheme, 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.text("CHATSITE_EMAIL_FROM", f"chatsite@{_PUBLIC.hostname}")

# --- Browser pages --------------------------------------------------------------------------------

CHATSITE_SIGN_UP = environment.flag("CHATSITE_SIGN_UP", not PRODUCTION)
CHATSITE_DEMO = environment.flag("CHATSITE_DEMO", not PRODUCTION)
CHATSITE_DIRECTORY = environment.choice("CHATSITE_DIRECTORY", ["people", "threads"], "people")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = CHATSITE_DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "chatsite.staticfiles.HashedStaticFiles"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# In development files are served from the source tree, without collectstatic and restarts.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# Cookies are shared between ports, so two servers on one machine need different names.
SESSION_COOKIE_NAME = f"chatsite-{CHATSITE_PORT}-session"
CSRF_COOKIE_NAME = f"chatsite-{CHATSITE_PORT}-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
# Not in development: after HSTS, browsers would refuse the plain HTTP port of the server.
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 365 * 86400 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CHATSITE_TRUST_PROXY else None
USE_X_FORWARDED_HOST = CHATSITE_TRUST_PROXY

# --- Language, time -------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
