"""The storage of static files in production."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """File names contain a hash of the content, also in imports of JavaScript modules.

    Browsers can cache the files forever and never mix modules of two versions.
    """

    support_js_module_import_aggregation = True
    # Each pass resolves the next level of imports; no chain of imports is that long.
    max_post_process_passes = 30
