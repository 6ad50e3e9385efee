# Storyfarm as an image: one for every service; the command says which (deploy/compose.yaml).
FROM node:22-bookworm-slim

# ffmpeg renders; setpriv, which ends renderers with their farm, is part of util-linux and already there. The compiler is for SQLite, where npm finds none ready-made.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg python3 make g++ \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/storyfarm
# What the build needs, then what is built: without what npm would run by itself.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts && ln -s /opt/storyfarm/bin/storyfarm /usr/local/bin/storyfarm

# Videos, editions and the journal; the store too, where it is embedded. It is the user's that runs the services.
RUN mkdir -p /var/lib/storyfarm && chown node:node /var/lib/storyfarm
VOLUME /var/lib/storyfarm
ENV STORYFARM_DATA_FOLDER=/var/lib/storyfarm STORYFARM_HOST=0.0.0.0
USER node

ENTRYPOINT ["storyfarm"]
CMD ["up"]
