"""The real-time dialect that the official JavaScript, iOS and Android SDKs speak."""
